#!/usr/bin/env bash
# Installs PostgreSQL and RabbitMQ from the system's packages, only where they are missing; with the
# argument `browser` what only tests need as well: a browser, a verifier of DKIM signatures, and a mail server and a reader of
# mails that are not ours.
# Nothing is started or enabled: Parcours runs private instances of its own. A server that is
# already on this machine is left as it is.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
say() { printf 'parcours: %s\n' "$*" >&2; }

# The places where crates/cli/src/servers looks.
has_postgres() {
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ||
        compgen -G '/opt/homebrew/opt/postgresql@*/bin/postgres' >/dev/null ||
        compgen -G '/usr/local/opt/postgresql@*/bin/postgres' >/dev/null ||
        command -v postgres >/dev/null
}

has_rabbitmq() {
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] ||
        [ -x /opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server ] ||
        [ -x /usr/local/opt/rabbitmq/sbin/rabbitmq-server ] ||
        command -v rabbitmq-server >/dev/null
}

# The places where tests/src/kit/browser.rs looks.
has_browser() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
        command -v google-chrome >/dev/null ||
        [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]
}

# The places where crates/channels/src/smtp/dkim/tests.rs looks for somebody else's verifier; without it that test is skipped.
has_verifier() {
    python3 -c 'import dkim, nacl' 2>/dev/null || /usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null
}

# The places where tests/suite/providers/letters.rs looks for them; without them that test is skipped.
has_mail_server() {
    python3 -c 'import aiosmtpd, dkim' 2>/dev/null || /usr/bin/python3 -c 'import aiosmtpd, dkim' 2>/dev/null
}

has_mail_reader() {
    perl -MMIME::Parser -MJSON::PP -e 1 2>/dev/null
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "cannot install without root; run this as root: $*"
        exit 2
    fi
}

# Debian starts what it installs, unless policy-rc.d forbids it, and PostgreSQL's package makes a
# cluster, unless createcluster.conf does. Both are put back as they were.
install_with_apt() {
    say "installing $* with apt-get; they will not be started"
    as_root sh -eu -c '
        policy=/usr/sbin/policy-rc.d
        cluster=/etc/postgresql-common/createcluster.conf
        restore() {
            rm -f "$policy"
            [ ! -e "$policy.parcours" ] || mv "$policy.parcours" "$policy"
            if [ -n "${made_cluster:-}" ]; then
                sed -i "/^create_main_cluster = false # parcours$/d" "$cluster"
            fi
        }
        trap restore EXIT
        trap "exit 130" INT TERM HUP
        # Left by a run that was killed, the copy is the original.
        [ ! -e "$policy" ] || [ -e "$policy.parcours" ] || mv "$policy" "$policy.parcours"
        printf "#!/bin/sh\nexit 101\n" >"$policy"
        chmod 755 "$policy"
        export DEBIAN_FRONTEND=noninteractive
        options="-y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold"
        apt-get -o DPkg::Lock::Timeout=300 -qq update
        for package; do
            if [ "$package" = postgresql ]; then
                apt-get $options -qq install postgresql-common
                if [ -f "$cluster" ]; then
                    printf "create_main_cluster = false # parcours\n" >>"$cluster"
                    made_cluster=yes
                fi
            fi
        done
        apt-get $options -qq install "$@"
        if [ -d /run/systemd/system ]; then
            for package; do
                systemctl disable --quiet "$package" 2>/dev/null || true
            done
        fi
    ' sh "$@" </dev/null
}

install_with_brew() {
    say "installing $* with Homebrew; they will not be started"
    HOMEBREW_NO_AUTO_UPDATE=1 brew install --quiet "$@" </dev/null
}

# Libraries of others that tests hold ours against, in a folder of their own: what Twilio signs calls with, and what reads a
# push notification. Where PyPI cannot be reached, those tests are skipped.
has_libraries() {
    "$root"/.parcours/python/bin/python -c 'import http_ece, twilio.request_validator' 2>/dev/null
}

install_libraries() {
    command -v python3 >/dev/null || return 0
    say "installing Python libraries for tests into $root/.parcours/python"
    mkdir -p "$root"/.parcours
    { python3 -m venv "$root"/.parcours/python &&
        "$root"/.parcours/python/bin/pip -q --disable-pip-version-check install --no-deps 'twilio>=9,<10' &&
        "$root"/.parcours/python/bin/pip -q --disable-pip-version-check install 'http-ece>=1.2,<2'; } >&2 ||
        say "they could not be installed; the tests that need them are skipped"
}

has_venv() {
    python3 -c 'import ensurepip' 2>/dev/null
}

missing_apt=() missing_brew=()
has_postgres || { missing_apt+=(postgresql) missing_brew+=(postgresql@16); }
has_rabbitmq || { missing_apt+=(rabbitmq-server) missing_brew+=(rabbitmq); }
[ "${1:-}" != browser ] || has_browser || { missing_apt+=(chromium) missing_brew+=(google-chrome); }
[ "${1:-}" != browser ] || ! command -v apt-get >/dev/null || has_verifier || missing_apt+=(python3 python3-dkim python3-nacl)
[ "${1:-}" != browser ] || ! command -v apt-get >/dev/null || has_mail_server || missing_apt+=(python3 python3-aiosmtpd python3-dkim)
[ "${1:-}" != browser ] || ! command -v apt-get >/dev/null || has_mail_reader || missing_apt+=(perl libmime-tools-perl)
[ "${1:-}" != browser ] || ! command -v apt-get >/dev/null || has_venv || missing_apt+=(python3 python3-venv)
if [ ${#missing_apt[@]} -eq 0 ]; then
    [ "${1:-}" != browser ] || has_libraries || install_libraries
    exit 0
fi

if command -v apt-get >/dev/null; then
    install_with_apt "${missing_apt[@]}"
elif command -v brew >/dev/null; then
    install_with_brew "${missing_brew[@]}"
else
    say "please install these with your system's packages, then run this again:"
    has_postgres || say "  PostgreSQL 14 or newer (postgres and initdb; in PATH or /usr/lib/postgresql/*/bin)"
    [ "${1:-}" != browser ] || has_browser || say "  Chromium or Google Chrome (chromium in PATH)"
    has_rabbitmq || say "  RabbitMQ 3.10 or newer, with Erlang (rabbitmq-server in PATH)"
    exit 2
fi

has_postgres && has_rabbitmq || { say "the packages were installed, but their programs are not where they are expected"; exit 2; }
[ "${1:-}" != browser ] || has_libraries || install_libraries
