"""What the VMs are to do: mutants compiled many at once where that is possible, and alone where it is not.

It does not know how a VM is spoken with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from languages.mutation.elixir_anatomy import Anatomy
from languages.mutation.elixir_counting import form_of, mutated_form
from languages.mutation.elixir_coverage import Coverage
from languages.mutation.elixir_job import Job
from languages.mutation.elixir_places import Function, Place
from languages.mutation.elixir_schemata import size_of, switchable, switching_text
from languages.mutation.mutant import Mutant
from languages.mutation.options import MutationOptions, Numbered

#: What compiling a form, or a file with it, takes of the time that tests are given, in seconds.
_COMPILING = 0.1
#: Bytes of copies that are compiled at once: enough to forget the cost of the module, and not yet slow.
_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Plan:
    """From mutants to jobs, and from jobs to batches, whose mutants share a form; a job alone is a batch of one."""

    path: Path
    source: bytes
    anatomy: Anatomy
    coverage: Coverage
    options: MutationOptions

    def job(self, number: int, mutant: Mutant, place: Place) -> Job:
        """What running the mutant takes."""
        tests = self.coverage.covering(place)
        compiling, starting = self.coverage.at_compile_time(place), self.coverage.at_start(place)
        dependants = self.coverage.dependants if compiling else ()
        seconds = sum(test.seconds for test in tests) + _COMPILING * (1 + len(dependants))
        form = form_of(self.source, self.anatomy.root, mutant, alone=not compiling)
        shared = not compiling and not starting and switchable(self.source, mutant, place)
        return Job(
            number=number,
            mutant=mutant,
            form=form,
            text=mutated_form(self.source, form, mutant),
            function=place.function if shared else None,
            tests=tuple(test.number for test in tests if not test.once),
            once=tuple(test.number for test in tests if test.once),
            dependants=dependants,
            again=starting,
            timeout=self.options.timeout(seconds),
        )

    def batches(self, jobs: Sequence[Job]) -> list[list[Job]]:
        """Those that share first, in order of place."""
        return [*self._shared([job for job in jobs if job.function]), *([job] for job in jobs if not job.function)]

    def switching(self, batch: Sequence[Job]) -> str:
        """The text of the batch's form, with all of its mutants."""
        mutants: dict[Function, list[Numbered]] = {}
        for job in batch:
            assert job.function is not None
            mutants.setdefault(job.function, []).append((job.number, job.mutant))
        return switching_text(self.source, batch[0].form, mutants)

    def _shared(self, jobs: Sequence[Job]) -> Iterator[list[Job]]:
        batch: list[Job] = []
        size = 0
        for job in jobs:
            assert job.function is not None
            if batch and (size > _BATCH or job.form != batch[0].form):
                yield batch
                batch, size = [], 0
            batch.append(job)
            size += size_of(job.function)
        if batch:
            yield batch
