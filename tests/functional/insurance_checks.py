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


def asks_at_the_laboratory(world: World) -> Callable[[], None]:
    """By somebody who works there now: so small a nation has no account of a laboratory's own people."""
    world.rows.execute(
        """
        update directory_practitionerrole set organization_id = (
            select organization_id from eligibility_caller c
            join directory_organization o on o.id = organization_id
            where client_id is null and o.type = 'laboratory')
        where practitioner_id = %s
        """,
        [world.practitioner("physician")],
    )
    return asks_at_the_counter("physician")(world)
