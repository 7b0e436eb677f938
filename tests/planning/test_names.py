"""Names of variables: valid, mapped, dangerous, globbed."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.planning import names

VALID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)


@given(st.text())
def test_valid_is_exactly_what_every_shell_accepts(name):
    """A name is valid if and only if it matches [A-Za-z_][A-Za-z0-9_]*."""
    assert names.is_valid(name) == bool(VALID.match(name))


NAMES = st.lists(
    st.one_of(
        st.from_regex(VALID),
        st.text(max_size=8),
        st.sampled_from(
            [
                *(
                    "LD_PRELOAD",
                    "PATH",
                    "CYCLE_X",
                    "LD",
                    "XLD_",
                    "PYTHONPATH",
                    "A\nLD_B",
                    "",
                    "ld_x",
                ),
                *("npm_config_x", "NPM_CONFIG_LOGLEVEL", "DOTNET_gcname", "DOTNET_ENVIRONMENT"),
            ]
        ),
    ),
    max_size=5,
)


@given(NAMES)
def test_names_judged_together_are_judged_as_one_by_one(found):
    """The quick look at all names agrees with the rules for each."""
    each = [
        names.is_valid(name) and not names.is_dangerous(name) and not names.is_platform(name)
        for name in found
    ]
    assert names.all_plain(found) == all(each)


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("DATABASE_URL", "DATABASE_URL"),
        ("lower", "lower"),
        ("db-password", "DB_PASSWORD"),
        ("9lives", "_9LIVES"),
        ("my.app/key", "MY_APP_KEY"),
        ("größe", "GR__E"),
        ("---", ""),
        ("", ""),
    ],
)
def test_other_identifiers_are_mapped(identifier, name):
    """Odd characters become _, letters upper case, a leading digit gets a _."""
    assert names.mapped(identifier) == name


@given(st.text())
def test_a_mapped_name_is_valid_or_empty(identifier):
    """Mapping never makes a name that a shell refuses, and is stable."""
    name = names.mapped(identifier)
    assert name == "" or VALID.match(name)
    assert names.mapped(name) == name


RUN_CODE = """
LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES GCONV_PATH GLIBC_TUNABLES LOCPATH
HOSTALIASES RES_OPTIONS PATH HOME IFS ENV BASH_ENV BASH_FUNC_ls SHELLOPTS PROMPT_COMMAND PS4
LESSOPEN OPENSSL_CONF OPENSSL_MODULES SSLKEYLOGFILE PYTHONPATH PYTHONHOME PYTHONSTARTUP
PYTHONINSPECT PYTHONWARNINGS PYTHONBREAKPOINT PYTHONPYCACHEPREFIX PIP_INDEX_URL PIP_CONFIG_FILE
UV_INDEX_URL NODE_OPTIONS NODE_PATH NODE_TLS_REJECT_UNAUTHORIZED npm_config_script_shell
NPM_CONFIG_NODE_OPTIONS Npm_Config_Registry YARN_YARN_PATH CLASSPATH JAVA_TOOL_OPTIONS
JDK_JAVA_OPTIONS _JAVA_OPTIONS COR_PROFILER COR_PROFILER_PATH_64 COR_ENABLE_PROFILING
CORECLR_PROFILER CORECLR_PROFILER_PATH CORECLR_ENABLE_PROFILING DOTNET_STARTUP_HOOKS
DOTNET_ADDITIONAL_DEPS DOTNET_GCName DOTNET_gcname RUBYOPT RUBYLIB GEM_HOME GEM_PATH
BUNDLE_GEMFILE PERL5OPT PERL5LIB PHPRC PHP_INI_SCAN_DIR ERL_LIBS ERL_FLAGS R_PROFILE_USER
R_ENVIRON_USER R_LIBS LUA_PATH LUA_PATH_5_4 LUA_CPATH LUA_CPATH_5_3 LUA_INIT GOFLAGS
RUSTC_WRAPPER MAKEFLAGS GNUMAKEFLAGS MAKEFILES GIT_SSH GIT_SSH_COMMAND GIT_CONFIG_COUNT
GIT_CONFIG_KEY_0 GIT_CONFIG_GLOBAL GIT_CONFIG_PARAMETERS GIT_EXEC_PATH GIT_EXTERNAL_DIFF
GIT_ASKPASS GIT_TEMPLATE_DIR TAR_OPTIONS SSH_ASKPASS RSYNC_RSH PRYRC PSModulePath
GRADLE_USER_HOME XTABLES_LIBDIR
""".split()


@pytest.mark.parametrize("name", RUN_CODE)
def test_names_that_run_code_are_dangerous(name):
    """What loaders, runtimes, package managers, make and git run or load by its value alone."""
    assert names.is_dangerous(name)
    assert not names.all_plain(["DATABASE_URL", name])


# From the pages of Docker's official images, and what frameworks and deployments set beside them.
OF_IMAGES = """
POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB POSTGRES_INITDB_ARGS POSTGRES_HOST_AUTH_METHOD PGDATA
PGHOST PGUSER PGPASSWORD PGSSLMODE MYSQL_ROOT_PASSWORD MYSQL_DATABASE MYSQL_USER MYSQL_PASSWORD
MYSQL_ALLOW_EMPTY_PASSWORD MYSQL_ONETIME_PASSWORD MARIADB_ROOT_PASSWORD MARIADB_AUTO_UPGRADE
MONGO_INITDB_ROOT_USERNAME MONGO_INITDB_ROOT_PASSWORD MONGO_INITDB_DATABASE REDIS_PASSWORD
RABBITMQ_DEFAULT_USER RABBITMQ_DEFAULT_PASS RABBITMQ_ERLANG_COOKIE RABBITMQ_NODENAME
RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS ES_JAVA_OPTS ELASTIC_PASSWORD LS_JAVA_OPTS KAFKA_OPTS
KAFKA_HEAP_OPTS CASSANDRA_SEEDS CASSANDRA_CLUSTER_NAME MAX_HEAP_SIZE NEO4J_AUTH INFLUXDB_DB
INFLUXDB_ADMIN_USER COUCHDB_USER COUCHDB_PASSWORD COUCHDB_SECRET ARANGO_ROOT_PASSWORD
WORDPRESS_DB_HOST WORDPRESS_DB_PASSWORD WORDPRESS_CONFIG_EXTRA DRUPAL_VERSION GHOST_CONTENT
GHOST_INSTALL NEXTCLOUD_ADMIN_USER NEXTCLOUD_TRUSTED_DOMAINS JOOMLA_DB_PASSWORD PMA_HOST
PMA_ARBITRARY REDMINE_DB_POSTGRES REDMINE_SECRET_KEY_BASE NGINX_VERSION NGINX_PORT
NGINX_ENVSUBST_TEMPLATE_DIR APACHE_CONFDIR APACHE_RUN_USER HTTPD_PREFIX CATALINA_HOME CATALINA_OPTS
CATALINA_BASE TOMCAT_VERSION JETTY_HOME JETTY_BASE JAVA_HOME JAVA_OPTS JAVA_OPTIONS JAVA_VERSION
MAVEN_OPTS MAVEN_HOME MAVEN_CONFIG GRADLE_OPTS GRADLE_HOME NODE_ENV NODE_VERSION
NODE_EXTRA_CA_CERTS NPM_CONFIG_LOGLEVEL YARN_VERSION PYTHON_VERSION PYTHON_PIP_VERSION PYTHON_SHA256
PYTHON_GET_PIP_URL PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE PYTHONHASHSEED PYTHONIOENCODING
PYTHONFAULTHANDLER PYTHONUTF8 PIP_NO_CACHE_DIR PIP_DISABLE_PIP_VERSION_CHECK UV_COMPILE_BYTECODE
UV_LINK_MODE GUNICORN_CMD_ARGS WEB_CONCURRENCY DJANGO_SETTINGS_MODULE FLASK_APP FLASK_ENV
UVICORN_HOST RUBY_VERSION RUBY_YJIT_ENABLE RAILS_ENV RAILS_MASTER_KEY RACK_ENV SECRET_KEY_BASE
BUNDLE_WITHOUT BUNDLE_DEPLOYMENT BUNDLE_SILENCE_ROOT_WARNING GOPATH GOMAXPROCS GOMEMLIMIT GOGC
GOLANG_VERSION RUST_LOG RUST_BACKTRACE RUST_VERSION CARGO_HOME PHP_VERSION PHP_INI_DIR
PHP_MEMORY_LIMIT COMPOSER_ALLOW_SUPERUSER PERL_HASH_SEED DOTNET_ENVIRONMENT DOTNET_VERSION
DOTNET_RUNNING_IN_CONTAINER DOTNET_gcServer DOTNET_EnableDiagnostics ASPNETCORE_ENVIRONMENT
ASPNETCORE_URLS ASPNETCORE_HTTP_PORTS ERLANG_VERSION ELIXIR_VERSION MIX_ENV PORT HOST HOSTNAME TZ
LANG LC_ALL TERM DEBUG LOG_LEVEL DEBIAN_FRONTEND MALLOC_ARENA_MAX MALLOC_CONF SSL_CERT_FILE
SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GIT_COMMIT GIT_BRANCH GIT_SHA GIT_AUTHOR_NAME EDITOR
PAGER TMP HTTP_PROXY NO_PROXY AWS_REGION AWS_ACCESS_KEY_ID SENTRY_DSN DATABASE_URL REDIS_URL
OTEL_EXPORTER_OTLP_ENDPOINT VAULT_ADDR CONSUL_LOCAL_CONFIG MINIO_ROOT_USER TRAEFIK_LOG_LEVEL
XDG_CONFIG_HOME XDG_DATA_HOME CADDY_VERSION HAPROXY_VERSION MEMCACHED_VERSION R_VERSION
R_BASE_VERSION JULIA_VERSION LUA_VERSION SWIFT_VERSION
COREPACK_ENABLE_STRICT NEXT_TELEMETRY_DISABLED OLD_PATH ENVIRONMENT HOMEPAGE PATHS
""".split()


def test_names_of_official_images_pass():
    """Together and one by one: what people set for real images is not refused."""
    assert [name for name in OF_IMAGES if names.is_dangerous(name)] == []
    assert names.all_plain(OF_IMAGES)
    assert len(OF_IMAGES) > 150


def test_what_passes_on_purpose_passes():
    """The two lists of the page are true, and each harmless name is one of a dangerous family."""
    assert [name for name in (*names.PLAIN_USE, *names.HARMLESS) if names.is_dangerous(name)] == []
    families = [
        name[:-1].upper() for _, _, text in names.DANGEROUS for name in text.split() if "*" in name
    ]
    assert all(name.startswith(tuple(families)) for name in names.HARMLESS)


def test_no_name_stands_twice():
    """A name has one row, and no row has a name that a family covers."""
    every = " ".join(text for _, _, text in names.DANGEROUS).split()
    families = tuple(name[:-1] for name in every if name.endswith("*"))
    assert len(every) == len(set(every))
    assert [name for name in every if name[-1] != "*" and name.startswith(families)] == []


@given(
    st.text(alphabet="AB_*?", max_size=8).map(lambda text: text.replace("[", "")),
    st.text(alphabet="AB_", max_size=8),
)
def test_globs_match_as_fnmatch_does(pattern, name):
    """`*` and `?` mean what they mean in a shell."""
    assert names.matches(name, pattern) == fnmatch.fnmatchcase(name, pattern)


def test_a_glob_with_many_stars_is_matched_in_linear_steps():
    """A pattern cannot blow up the matching."""
    assert not names.matches("a" * 3000 + "b", "*a" * 200 + "c")
