"""One file per subcommand of `readiness`; each declares `command`. A new file is a new subcommand."""
