"""What users of the eligibility service do, for the test of every figure."""

from collections.abc import Callable

from tests.functional.world import World


def asks_at_the_counter(part: str) -> Callable[[World], Callable[[], None]]:
    """Types a number at the counter; the very same form comes again when the button is clicked twice."""

    def prepare(world: World) -> Callable[[], None]:
        user = world.user(part)
        user.page.goto("/eligibility/counter/")
        user.page.locator("form.search-panel").evaluate(
            "form => form.setAttribute('action', location.pathname)"
        )
        path = user.page.evaluate("location.pathname")
        number = world.value(
            "select value from mpi_personidentifier where person_id = %(person)s"
            " and system like 'urn:oid:%%'",
            person=world.person("patient"),
        )
        return user.shown_form(path, number=number)

    return prepare
