"""How the software behaves with much in it: databases of their own, and what is measured there.

`python -m bench` does everything; `./dev bench` brings the PostgreSQL for it. Never part of a test's pass or fail.
"""
