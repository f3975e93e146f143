"""WorkingDirectory: a flowable whose tasks share a folder: what is in it at first, what is kept of it, and what the next one finds."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from runwright.flowables.composite import Composite
from runwright.runnables.folders import inside, keep_outputs, paths_in, put_inputs, put_namespace_files
from runwright.runnables.globs import Globs

if TYPE_CHECKING:
    from runwright.flowable import Answer

_SECOND = 1_000_000_000


class WorkingDirectory(Composite):
    """Runs its tasks one after the other in one folder. A restart begins anew, in an empty one."""

    restarts_whole = True

    def expand(self, scope: Any) -> Answer:
        """Fill the folder, and return the tasks."""
        attempt = scope.attempt
        put_namespace_files(attempt, self.task.namespace_files)
        self._restore_cache(attempt, scope.now)
        put_inputs(attempt, self.task.input_files)
        return self.opened(self.bodies.tasks)

    def gathered(self, scope: Any) -> dict[str, Any] | None:
        """Keep what is declared of the folder."""
        attempt = scope.attempt
        self._keep_cache(attempt)
        if not self.task.output_files:
            return None
        kept = keep_outputs(attempt, [attempt.render(each) for each in self.task.output_files])
        return {"outputFiles": kept}

    # ---- what the next one finds

    def _cache_uri(self, attempt: Any) -> str:
        return f"kestra:///{attempt.namespace.replace('.', '/')}/{attempt.flow_id}/_cache/{self.task.id}.zip"

    def _restore_cache(self, attempt: Any, now: int) -> None:
        cache = self.task.cache
        found = None if cache is None else attempt.drive.find(self._cache_uri(attempt))
        if cache is None or found is None:
            return
        if cache.ttl is not None and now - found.updated > cache.ttl.total_seconds() * _SECOND:
            return
        with attempt.drive.open(found.uri) as stream, zipfile.ZipFile(io.BytesIO(stream.read())) as packed:
            for name in packed.namelist():
                path = inside(attempt.folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(packed.read(name))

    def _keep_cache(self, attempt: Any) -> None:
        if self.task.cache is None:
            return
        globs = Globs([attempt.render(each) for each in self.task.cache.patterns])
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
            for name in paths_in(attempt.folder):
                if globs.fit(name):
                    packed.write(attempt.folder / name, name)
        attempt.drive.put(self._cache_uri(attempt), data.getvalue())
