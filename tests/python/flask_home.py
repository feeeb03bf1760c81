"""Makes the virtual environment that book_node.py runs in.

    flask_home.py        prints the path of its Python
"""

import environment


def python():
    """The Python of the environment, which is made when it is missing or requirements.txt has changed."""
    return environment.python("python-venv", "requirements.txt", "Flask, for the Python nodes")


if __name__ == "__main__":
    print(python())
