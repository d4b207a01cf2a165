"""Finds recipes and versions: a selector is `service`, `service@label` or `service@exact.version`."""
import importlib
import tomllib
from pathlib import Path

from .service import Problem, Service, Version

HERE = Path(__file__).parent


def versions():
    """All entries of versions.toml, in their order."""
    with open(HERE / "versions.toml", "rb") as file:
        tables = tomllib.load(file)
    return [Version(service, label, facts) for service, labels in tables.items() for label, facts in labels.items()]


def recipe_names():
    """Names of the services of versions.toml that have a recipe here."""
    return list(dict.fromkeys(each.service for each in versions() if (HERE / f"{each.service}.py").is_file()))


def recipe(name):
    """The class of service `name`."""
    if name not in recipe_names():
        raise Problem(f"no service {name!r}; there are: {', '.join(recipe_names())}")
    module = importlib.import_module(f".{name}", __package__)
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, Service) and each.name == name:
            return each
    raise AssertionError(f"{module.__file__} has no Service class of the name {name!r}")


def select(selector):
    """The version that a selector names."""
    service, _, wanted = selector.partition("@")
    known = [each for each in versions() if each.service == service]
    if not known or service not in recipe_names():
        raise Problem(f"no service {service!r}; there are: {', '.join(recipe_names())}")
    for each in known:
        if wanted in (each.label, each.number) or (not wanted and each.facts.get("default")):
            return each
    raise Problem(f"no {selector}; there are: {', '.join(each.selector for each in known)}")


def option_values(version, given):
    """Every option of the service with its value: as given, else as versions.toml says, else the recipe's default."""
    known = recipe(version.service).options
    for name in given:
        if name not in known:
            raise Problem(f"{version.service} has no option {name!r}; there are: {', '.join(sorted(known)) or 'none'}")
    return {name: str(given.get(name, version.facts.get(name, option.default))) for name, option in known.items()}
