"""The commands of the palette, by title and by synonym."""

from __future__ import annotations

from textual.command import DiscoveryHit, Hit, Hits, Provider

from audittui.tui.main.features import keys


class Commands(Provider):
    """The commands of the application, found by their titles and by their synonyms."""

    async def discover(self) -> Hits:
        """All of them, by title."""
        for one in sorted(self.app.get_system_commands(self.screen), key=lambda one: one.title):
            if one.discover:
                yield DiscoveryHit(one.title, one.callback, help=one.help)

    async def search(self, query: str) -> Hits:
        """Those that match; matches by synonym alone come last."""
        matcher = self.matcher(query)
        also = {title_of(key.does): key.words for key in keys() if key.words}
        for one in self.app.get_system_commands(self.screen):
            found = matcher.match(one.title)
            if found > 0:
                yield Hit(found, matcher.highlight(one.title), one.callback, help=one.help)
                continue
            words = also.get(one.title, "").split(", ")
            found = max((matcher.match(word) for word in words if word), default=0.0)
            if found > 0:
                yield Hit(found / 2, one.title, one.callback, text=one.title, help=one.help)


def title_of(does: str) -> str:
    """A binding's title in the palette."""
    return does[:1].upper() + does[1:]
