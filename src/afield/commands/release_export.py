"""`afield release export`: a release compiled into a product, or in a form that other tools read."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.text import Text

from afield.application import load
from afield.commands.output import Context, progress, result
from afield.control.office import Office, open_office
from afield.exchange.compiling import compile_release
from afield.exchange.mlflow_model import mlflow_files
from afield.exchange.onnx_files import onnx_files
from afield.exchange.writing import check_new, write_folder
from afield.release.registry import champion, named

Form = Literal["static", "mlflow", "onnx"]
FORMS_HELP = "static: a product without a network; mlflow: what mlflow.pyfunc reads; onnx: plain files and an example"
FORMS: Mapping[Form, Callable[[Office, str], dict[str, bytes]]] = {
    "static": compile_release,
    "mlflow": mlflow_files,
    "onnx": onnx_files,
}


def run(
    app: str,
    release: Annotated[str | None, Parameter(help="the first digits of a release; left out: the champion")] = None,
    /,
    *,
    to: Annotated[Form, Parameter(help=FORMS_HELP)],
    out: Annotated[Path, Parameter(help="folder to make; it must not be there yet")],
    context: Context,
    **options: str,
) -> None:
    """Take a release elsewhere: compiled into a product, or in a form that other tools read.

    `static`: what runs without a network. For an application that looks its features up, a table as JSON and Arrow,
    with modules of Python and JavaScript that need nothing else; for one that finds its features in the request, a
    signed bundle, in the smaller edition where the application has one. `mlflow`: the model directory that
    `mlflow.pyfunc.load_model` reads. `onnx`: plain ONNX files with an example that runs.

    Args:
        app: name of the application.
        release: the first digits of a release; left out: the champion.
        to: what it is made into.
        out: folder to make; it must not be there yet.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    check_new(out)
    office = open_office(load(app, options), context.home, progress)
    bundles = office.home.bundles
    digest = named(bundles, release, app) if release else champion(bundles, office.actions.state.champion, app)
    files = FORMS[to](office, digest)
    write_folder(out, files)
    size = sum(map(len, files.values()))
    value = {"release": digest, "form": to, "folder": str(out), "files": sorted(files), "bytes": size}
    text = f"release {digest[:12]} as {to} in {out}: {len(files)} files, {size / 2**20:.1f} MiB; read {out}/README.md"
    result(context, value, Text(text))
