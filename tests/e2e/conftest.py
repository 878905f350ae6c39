import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "lib"))

from building import Build  # noqa: E402
from flows import MongoReader, SqliteReader, Workshop  # noqa: E402
from mongodb import Server  # noqa: E402


@pytest.fixture(scope="session")
def build():
    folder = os.environ.get("FLOW_TEST_BUILD", TESTS.parent / "build")
    return Build(Path(folder).resolve(), TESTS.parent)


@pytest.fixture
def shop(build, tmp_path):
    return Workshop(build, tmp_path)


@pytest.fixture(scope="session")
def mongodb_server():
    """A MongoDB server for all tests: FLOW_TEST_MONGODB names one, or one is started."""
    with Server(os.environ.get("FLOW_TEST_MONGODB")) as server:
        yield server


@pytest.fixture
def mongodb(mongodb_server):
    """An empty database of that server."""
    name = f"flow_test_{os.urandom(6).hex()}"
    reader = MongoReader(mongodb_server.uri(name), name)
    yield reader
    reader.client.drop_database(name)
    reader.client.close()


@pytest.fixture(params=["sqlite", "mongodb"])
def store(request, tmp_path):
    """Each kind of store in turn, with an independent reader of it."""
    if request.param == "mongodb":
        return request.getfixturevalue("mongodb")
    return SqliteReader(tmp_path / "store.db")
