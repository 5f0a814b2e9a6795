"""How the software behaves with much in it: databases of their own, and what is measured there.

`./dev bench` brings a PostgreSQL and does everything. No test's pass or fail depends on it.
"""
