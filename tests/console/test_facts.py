"""What lookups found: first what rules and arguments use."""

from console.facts import flat, named, sorted_out

ORDER = {
    "customer": {"email": "ana@example.com", "name": "Ana"},
    "days_late": 3,
    "due_on": "2026-01-01",
    "items": [{"name": "Lamp", "price": "9.00"}],
    "number": "A-1001",
    "paid": "89.00",
    "status": "delivered",
}


def test_what_is_used_comes_first_then_amounts() -> None:
    first, rest = sorted_out(list(flat(ORDER)), {"facts.order.customer.email"}, {"A-1001"})

    assert [label for label, _ in first] == [
        "customer.email",
        "status",
        "paid",
        "days_late",
        "due_on",
        "items 1.price",
        "customer.name",
        "items 1.name",
        "number",
    ]
    assert rest == []


def test_an_amount_is_not_folded_for_being_the_calls_own() -> None:
    order = ORDER | {
        "refunded": "45.00",
        "refundable": "45.00",
        "delivered_on": "2026-01-02",
        "ordered_on": "2025-12-30",
    }
    first, rest = sorted_out(list(flat(order)), set(), {"45.00", "A-1001"})

    assert {"refunded", "refundable"} <= {label for label, _ in first[:4]} and rest


def test_a_few_facts_are_not_folded() -> None:
    few = list(flat({name: ORDER[name] for name in ("days_late", "number", "paid")}))
    first, rest = sorted_out(few, set(), set())

    assert ([label for label, _ in first], rest) == (["paid", "days_late", "number"], [])


def test_things_in_a_list_go_by_their_names_and_never_as_source() -> None:
    found = [{"text": "You can send it back.", "title": "Returns"}, {"number": 7}, {"a": None}, "plain"]

    assert [reading.text for _, reading in named(found)] == ["Returns", "7", '{"a":null}', "plain"]
    assert [reading.text for _, reading in flat([{"a": None}])] == ['[{"a":null}]']
