"""What `./dev` hands over to: the whole installation in one terminal.

`state` is the directory that a run owns, `embedded` the PostgreSQL and Valkey that come as wheels,
`processes` the supervisor, `environment` what each process is told, `checks` what `./dev check` asks.
"""
