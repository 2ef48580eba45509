#!/usr/bin/env bash
# Installs readiness for a CI job: the source beside this script, or READINESS_VERSION from the package index.
set -euo pipefail

source=${1:?"the directory of the source"}
extras=${READINESS_EXTRAS:-}
version=${READINESS_VERSION:-}

# a name or version that could be read as an option, a path or an address is refused
if [[ -n $extras && ! $extras =~ ^[a-z]+(,[a-z]+)*$ ]]; then
    echo "readiness: the input extras must be names with commas between them, such as models,data." >&2
    exit 2
fi
if [[ -n $version && ! $version =~ ^[0-9][0-9A-Za-z.+!]*$ ]]; then
    echo "readiness: the input version must be a version, such as 1.2.0." >&2
    exit 2
fi

wanted=${version:+readiness${extras:+[$extras]}==$version}
# a file of the repository that is named like a module must not be imported instead
export PYTHONSAFEPATH=1
exec python -m pip install --quiet --disable-pip-version-check "${wanted:-$source${extras:+[$extras]}}"
