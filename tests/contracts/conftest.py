from tests.messages_api.fixture import claude, messages_server

__all__ = ["claude", "messages_server"]
