"""One module per command or small family of commands; each is imported when it runs."""
