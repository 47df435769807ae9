"""What a customer's free text says: orders, amounts, addresses, and what it is about."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

MAX_LENGTH = 5_000

ORDER = re.compile(
    r"\bA[-‐– ]?(\d{4,6})\b|\border\s*(?:number|no\.?|nr\.?|id)?\s*[:#]?\s*(\d{4,6})\b|#(\d{4,6})\b", re.I
)
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
NUMBER = r"\d{1,3}(?:[., ’']\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
AMOUNT = re.compile(
    rf"(?:€|\$|£|\beuros?\b|\beur\b)\s*({NUMBER})(?![\d%])|\b({NUMBER})\s*(?:€|\$|£|euros?\b|eur\b)", re.I
)
BARE_AMOUNT = re.compile(
    rf"\b(?:refund|reimburse|credit|compensate)(?:\s+[a-z]+){{0,3}}\s+({NUMBER})(?!\d|\s*%|\s*percent)|^({NUMBER})\s+for\b",
    re.I,
)
PERCENT = re.compile(r"\b(\d{1,2}|100)\s*(?:%|percent\b)", re.I)
CLAUSE = re.compile(r"(?<=[.!?;:])\s+|,\s+|\n+|\s+(?:but|and)\s+", re.I)
WANTS = re.compile(
    r"refund|money back|\bback\b|reimburs|compensat|credit|would (?:be )?(?:like|fine|happy)|want|ask", re.I
)
COSTS = re.compile(r"\b(?:paid|pay|cost|costs|price|priced|charged|debited|billed|worth|bought|total)\b", re.I)
DELETION = re.compile(
    r"\b(?:delet\w+|erase|erasure|remove|close)\b.{0,40}\b(?:account|data|profile|customer|record)", re.I | re.S
)
QUESTION = re.compile(
    r"\b(?:how|what|when|where|which|who|do you|does|is there|is it|are there|can i|may i|could i)\b[^.!?]*\?", re.I
)
MAIL = re.compile(r"\b(?:e-?mail|mail|write|send|forward|confirm\w*)\b", re.I)

# What a ticket is about; the first that fits counts.
KINDS = {
    "double": r"\b(?:charg|bill|debit|paid|pay|book)\w*\b.{0,60}\b(?:twice|double|two times)\b"
    r"|\b(?:twice|double|duplicate|doubly)\b.{0,30}\b(?:charg|bill|debit|paid|pay)",
    "wrong": r"\bwrong\b|\binstead of\b|(?:sent|got|received|delivered)\b[^.!?]{0,60}\binstead\b"
    r"|not what i (?:ordered|bought)|different (?:item|product|colou?r|size|model|one)",
    "broken": r"\bbrok|crack|damag|defect|shatter|scratch|smash|dented|\bdent\b|faulty|\btorn\b|stain|in pieces|chipp"
    r"|leak|(?:does|do|did)(?:n['’]?t| not) (?:work|turn on|switch on)|stopped working|\bdead\b",
    "missing": r"(?:never|not|n['’]?t|nothing) (?:yet )?(?:arriv|been deliver|been received|receiv|come|came|show|got)"
    r"|(?:still|yet) (?:not|waiting)|still have(?:n['’]?t| not)|\bgone missing|\blost\b",
    "late": r"\blate\b|\bdelay|too long|overdue",
    "return": r"chang\w* (?:my|our) minds?|(?:do|does|did)(?:n['’]?t| not) (?:want|need|like|fit|suit|match)"
    r"|no longer (?:want|need)|\breturn|send (?:\w+ ){0,3}back|unopened|\bunused\b|wrong size",
    "refund": r"refund|money back|reimburs|compensat",
}
COMPLAINTS = ("double", "wrong", "broken", "missing")  # these are no mere questions, however they are put


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as it was understood; `kind` is one of KINDS, "question", or empty."""

    text: str
    kind: str
    orders: tuple[str, ...]
    addresses: tuple[str, ...]
    amount: Decimal | None
    """What the customer asks for, where they name it."""
    share: Decimal | None
    """The same as a part of what was paid."""
    wants_deletion: bool
    wants_mail: bool

    @property
    def question(self) -> str:
        """The text without what no help article speaks of."""
        return re.sub(r"\border\b", "", ORDER.sub("", self.text), flags=re.I).strip()[:1000] or self.text[:1000]

    def about(self, order: str) -> "Ticket":
        """The ticket as far as it is about this order, where it is about several."""
        if len(self.orders) == 1:
            return self
        said = " ".join(clause for clause in CLAUSE.split(self.text) if order in orders_in(clause))
        part = read(said)
        return replace(part, text=said, kind=part.kind or self.kind)


def read(text: str) -> Ticket:
    """Understand a ticket; of a very long one its beginning, because the patterns take ever longer for long texts."""
    text = text[:MAX_LENGTH]
    orders = orders_in(text)
    rest = ADDRESS.sub(" ", ORDER.sub(" ", text))
    amount = _amount(rest)
    addresses = tuple(dict.fromkeys(ADDRESS.findall(text)))
    return Ticket(
        text=text,
        kind=_kind(rest, has_order=bool(orders)),
        orders=orders,
        addresses=addresses,
        amount=amount,
        share=None if amount else _share(rest),
        wants_deletion=bool(DELETION.search(rest)),
        wants_mail=bool(addresses and MAIL.search(rest)),
    )


def orders_in(text: str) -> tuple[str, ...]:
    """Order numbers as the shop writes them, each once."""
    return tuple(dict.fromkeys(f"A-{next(filter(None, found))}" for found in ORDER.findall(text)))


def _kind(text: str, *, has_order: bool) -> str:
    found = next((kind for kind, pattern in KINDS.items() if re.search(pattern, text, re.I | re.S)), "")
    is_question = bool(QUESTION.search(text))
    if is_question and found not in COMPLAINTS and not (has_order and found):
        return "question"
    return found


def _amount(text: str) -> Decimal | None:
    """The amount asked for: one named with a wish counts first, one that says what was paid does not count."""
    clauses = [(clause, _amounts_in(clause)) for clause in CLAUSE.split(text)]
    wished = [found for clause, found in clauses if found and WANTS.search(clause) and not COSTS.search(clause)]
    named = [found for clause, found in clauses if found and not COSTS.search(clause)]
    return next((found[0] for found in wished + named), None)


def _amounts_in(clause: str) -> list[Decimal]:
    found = AMOUNT.findall(clause) or BARE_AMOUNT.findall(clause)
    return [amount for one, other in found if (amount := decimal(one or other))]


def _share(text: str) -> Decimal | None:
    for clause in CLAUSE.split(text):
        if not WANTS.search(clause):
            continue
        if percent := PERCENT.search(clause):
            return Decimal(percent[1]) / 100
        if re.search(r"\bhalf\b", clause, re.I):
            return Decimal("0.5")
    return None


def decimal(number: str) -> Decimal:
    """`1,240.50`, `1.240,50`, `1 240` and `35,5` as what they mean."""
    plain = re.sub(r"[ ’']", "", number)
    whole, point, cents = plain, "", ""
    if match := re.fullmatch(r"(.*)[.,](\d{1,2})", plain):
        whole, point, cents = match[1], ".", match[2]
    return Decimal(re.sub(r"[.,]", "", whole) + point + cents)
