"""Where the values of a call come from."""

from console.sources import trace

TALK = [
    {"role": "user", "content": "Order A-1002 came broken. Send it to my sister: yuki@example.org"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "lookup_order", "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": '{"paid": "89.00"}'}]},
    {"role": "assistant", "content": [{"type": "text", "text": "I propose half: 44.50"}]},
]


def test_each_value_is_traced_to_who_said_it_first() -> None:
    values = {"order": "A-1002", "paid": "89.00", "half": 44.5, "made_up": "IBAN DE89", "short": "a", "flag": True}
    found = {label: source.words for label, source in trace(values, TALK).items()}

    assert found == {
        "order": "from the user's message",
        "paid": "from the result of lookup_order",
        "half": "from the agent's own words",
        "made_up": "in no message before",
    }
