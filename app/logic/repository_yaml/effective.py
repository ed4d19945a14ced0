"""The configuration that really holds: four layers, the later ones lying over the earlier ones."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

from app.logic.repository_yaml.defaults import DEFAULTS
from app.logic.repository_yaml.merge import merge


def effective_config(
    site: Mapping[str, Any], owner: Mapping[str, Any], repository_or_commit: Mapping[str, Any]
) -> dict[str, Any]:
    """Merge defaults, installation, owner and the file of the repository, all in normal form.

    The last is that of the commit where it has a valid file, else what is stored of the default branch. A comment that
    one layer switches off and a later one on again has the defaults.
    """
    layers = map(dict, (DEFAULTS, site, owner, repository_or_commit))
    config: dict[str, Any] = reduce(merge, layers)
    if isinstance(config["comment"], dict):
        config["comment"] = merge(DEFAULTS["comment"], config["comment"])
    return config
