"""The command line as a client of a server: sign requests with a token, push, ask the gate."""
