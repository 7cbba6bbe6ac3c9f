from django.db.backends.postgresql import creation


class DatabaseCreation(creation.DatabaseCreation):
    pass
