"""A small shop: what the agent's tools read and change."""

from decimal import Decimal

from django.db import models
from django.db.models import Q, Sum
from django.utils.timezone import localdate, now

from workspaces.models import Workspace

CURRENCY = "EUR"
NOTHING = Decimal("0.00")


class Customer(models.Model):
    """Somebody who buys here."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    email = models.EmailField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "email"], name="customer_email_is_unique")]

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """What was bought and paid. `paid` differs from the items' total where somebody was charged twice."""

    class Status(models.TextChoices):
        PAID = "paid"
        SHIPPED = "shipped"
        DELIVERED = "delivered"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")
    number = models.CharField(max_length=20)
    status = models.CharField(max_length=9, choices=Status)
    paid = models.DecimalField(max_digits=9, decimal_places=2)
    ordered_on = models.DateField()
    due_on = models.DateField(help_text="The day that was promised for the delivery.")
    delivered_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="order_number_is_unique"),
            models.CheckConstraint(
                condition=Q(status="delivered", delivered_on__isnull=False)
                | (~Q(status="delivered") & Q(delivered_on=None)),
                name="order_has_a_date_once_delivered",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total(self) -> Decimal:
        """What the items cost."""
        return sum((item.price * item.quantity for item in self.items.all()), NOTHING)

    @property
    def refunded(self) -> Decimal:
        """What was paid back so far."""
        return self.refunds.aggregate(sum=Sum("amount"))["sum"] or NOTHING

    @property
    def refundable(self) -> Decimal:
        """What can still be paid back."""
        return self.paid - self.refunded

    @property
    def days_late(self) -> int:
        """Days between the promised day and the delivery, or today where it has not come."""
        return max(((self.delivered_on or localdate()) - self.due_on).days, 0)

    @property
    def days_since_delivery(self) -> int | None:
        """How long the customer has had it."""
        return (localdate() - self.delivered_on).days if self.delivered_on else None


class Item(models.Model):
    """One line of an order; `price` is for one piece."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="items")
    name = models.CharField(max_length=100)
    quantity = models.PositiveSmallIntegerField(default=1)
    price = models.DecimalField(max_digits=9, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"


class Refund(models.Model):
    """Money that went back; `call` is the tool call that did it, so that none can do it twice."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="refunds")
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    reason = models.CharField(max_length=300)
    call = models.UUIDField(unique=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="refund_is_more_than_nothing")]

    def __str__(self) -> str:
        return f"{self.amount} {CURRENCY} for {self.order}"


class OutgoingMail(models.Model):
    """The outbox; nothing in the demo takes mail from it."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="mails")
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    call = models.UUIDField(unique=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "outgoing mail"

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"


class HelpArticle(models.Model):
    """What customers may be told."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    title = models.CharField(max_length=100)
    text = models.TextField()

    class Meta:
        ordering = ["title"]
        constraints = [models.UniqueConstraint(fields=["workspace", "title"], name="help_article_title_is_unique")]

    def __str__(self) -> str:
        return self.title
