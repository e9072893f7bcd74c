"""A reader who wants to be written to elsewhere."""

from email.utils import parseaddr

from syndicate import clock
from syndicate.model.subscribers import ConfirmationKind
from tests.causes import by_test
from tests.web.known_reader import path_of, questions_to
from tests.web.signup_site import SignupSite

NEW = "anna@example.net"


class Mover:
    """Anna, who wants to be written to elsewhere."""

    def __init__(self, anna):
        self.anna = anna
        self.store = anna.store
        self.site = SignupSite(anna.client, anna.store, anna.config)

    def ask(self, email=NEW):
        return self.anna.post("address", email=email)

    def question(self, email):
        """What an address was asked last."""
        with self.store.read() as tx:
            person = tx.subscribers.by_email(email)
            return questions_to(tx, person.key, ConfirmationKind.ADDRESS)[0]

    def link(self, email):
        asked = self.question(email)
        return path_of(self.anna.links.confirm(asked.letter, asked.subscriber))

    def confirm(self, link):
        return self.anna.client.post(link, data={"action": "confirm"})

    @property
    def letters(self):
        """The subjects of the letters that went out, by address."""
        return {parseaddr(kept.to)[1]: kept.subject for kept in self.site.letters()}

    @property
    def emails(self):
        with self.store.read() as tx:
            return sorted(reader.email for reader in tx.search.find())

    def subscribe(self, email, newsletter):
        with self.store.write() as tx:
            tx.subscribers.subscribe(email, newsletter, cause=by_test(clock.now()))
            return tx.subscribers.by_email(email).key
