"""How known logins fared that were tried one after another, and what the control proves.

After a success the network lets only a control be tried: a random pair that nobody set. A device
that takes it takes anything, so the pair before it is no default login of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iotscan.model import Ending, Fact, Outcome


@dataclass(frozen=True, slots=True)
class Tries:
    """``outcomes`` in the order of the tries; None where the record shows none."""

    outcomes: Sequence[Outcome | None]

    @property
    def won(self) -> int | None:
        """Which of them was the first to be let in."""
        return self.outcomes.index(Outcome.ACCEPTED) if Outcome.ACCEPTED in self.outcomes else None

    @property
    def cited(self) -> int:
        """Which of them shows best how it went: the one that was let in, or the last."""
        return len(self.outcomes) - 1 if self.won is None else self.won

    def facts(self, ending: Ending) -> dict[str, Fact]:
        """accepted, attempts, refused, locked_out; control_accepted and accepts_anything where a
        control had a clear answer. ``ending``: that of the conversation.
        """
        won = self.won
        ours = self.outcomes if won is None else self.outcomes[: won + 1]
        found: dict[str, Fact] = {
            "accepted": won is not None,
            "attempts": sum(outcome is not None for outcome in ours),
            "refused": ours.count(Outcome.REFUSED),
            "locked_out": Outcome.LOCKED in self.outcomes or ending is Ending.LOCKED_OUT,
        }
        controls = () if won is None else self.outcomes[won + 1 :]
        clear = [outcome for outcome in controls if outcome not in (None, Outcome.UNCLEAR)]
        if clear:
            found["control_accepted"] = found["accepts_anything"] = Outcome.ACCEPTED in clear
        return found
