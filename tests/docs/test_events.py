"""The tables "what happens when": each row is played by tests, and none is without."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
# The tests of each row, by its first cell: the file in tests/, and its functions.
RELOAD = {
    "a notification arrives, and nothing that the app uses has changed": {
        "launching/reload/test_reload": ["test_nothing_changed_means_that_nothing_happens"],
    },
    "a certificate is renewed under requests": {
        "reload/test_renewals": [
            "test_nginx_serves_each_of_fifty_renewals",
            "test_haproxy_serves_each_of_fifty_renewals",
        ],
    },
    "a variable is gone at a later look, or newly empty": {
        "reload/test_findings": [
            "test_a_value_that_is_gone_keeps_what_it_was",
            "test_a_value_that_is_gone_is_dropped_where_that_is_asked_for",
        ],
    },
    "an unchanged certificate runs out while the app runs": {
        "reload/test_certificates": ["test_it_blocks_nothing"],
    },
    "data are refused, or a check fails": {
        "launching/reload/test_reload": [
            "test_a_check_that_fails_keeps_the_old_file",
            "test_data_that_a_launch_would_refuse_never_reach_the_app",
        ],
    },
    "the platform sends a notification after many refused looks": {
        "reload/test_findings": ["test_a_repaired_value_is_taken_whatever_was_refused_before"],
    },
    "the app is to be started again while a look fails or hangs": {
        "reload/test_findings": ["test_a_restart_does_not_wait_for_a_look"],
    },
    "the connection is closed, orderly or abruptly, again and again": {
        "reload/test_findings": ["test_the_platform_closes_its_connection"],
        "reload/test_outages": ["test_a_platform_that_closes_each_connection"],
    },
    "the platform takes no connection, answers nonsense, or does not answer": {
        "reload/test_findings": ["test_whatever_the_platform_does_to_a_handshake"],
        "reload/test_outages": ["test_a_platform_that_takes_no_connection"],
    },
    "the platform refuses the token, or every request, for a while": {
        "reload/test_findings": ["test_a_platform_that_refuses_the_token_for_a_while"],
        "reload/test_outages": ["test_a_platform_that_refuses_everything_for_a_while"],
    },
    "the platform stands still": {"reload/test_outages": ["test_a_platform_that_stands_still"]},
    "there is no connection for 10 s": {
        "reload/test_outages": ["test_each_outage_is_said_and_so_is_its_end"],
    },
    "a target is changed or deleted by another program": {
        "reload/test_findings": [
            "test_a_target_that_is_gone_is_there_for_the_next_start",
            "test_restore_always_puts_a_target_back_at_each_look",
        ],
        "reload/test_targets": [
            "test_a_secret_that_the_app_has_used_is_there_when_it_is_needed_again",
            "test_a_secret_that_the_app_removes_at_its_end_is_there_for_the_next_start",
            "test_a_watcher_that_is_killed_leaves_a_used_secret_alone",
            "test_a_redis_that_rewrites_its_config",
            "test_restore_always_takes_a_rewritten_config_back",
        ],
    },
    "the app has no handler yet for the signal of `on_change`": {
        "reload/test_findings": ["test_a_signal_waits_until_the_app_listens"],
        "reload/test_signals": ["test_an_app_without_a_handler_is_left_alone"],
    },
    "there is a shell above the app": {
        "reload/test_shells": ["test_a_signal_reaches_the_app_and_spares_the_shell"],
    },
    "the app ends by the signal within 2 s (Go, Java: they catch every signal)": {
        "reload/test_findings": ["test_an_app_that_dies_of_what_it_catches_is_started_again_once"],
        "reload/test_runtimes": ["test_who_dies_of_what_it_catches_is_started_again_once"],
    },
    "the app has ended at a restart, but others of its group have not": {
        "reload/test_findings": ["test_a_restart_follows_the_signal_map"],
        "reload/test_shells": ["test_a_restart_waits_for_the_app_below_the_shell"],
    },
    "the app does not end at a restart, or stands still": {
        "launching/reload/test_reload": [
            "test_an_app_that_does_not_end_is_killed_to_be_started_again"
        ],
        "reload/test_processes": ["test_an_app_that_stands_still_is_started_again"],
    },
    "further changes arrive during a restart": {
        "reload/test_findings": ["test_two_restarts_close_together"],
    },
    "the app cannot be started again": {
        "reload/test_findings": ["test_what_cannot_be_started_again_is_tried_until_it_can"],
    },
    "TERM, INT, QUIT or `stop_signal` arrives while no app runs": {
        "reload/test_findings": ["test_a_stop_while_no_app_runs_ends_the_container"],
    },
    "another signal arrives while no app runs": {
        "reload/test_signals": ["test_another_signal_while_no_app_runs_is_for_the_next_one"],
    },
    "the app survives a signal such as QUIT": {
        "reload/test_runtimes": ["test_a_thread_dump_leaves_restarts_as_they_are"],
        "reload/test_signals": ["test_a_restart_after_a_signal_that_was_survived"],
    },
    "the app ends by itself, or is killed": {
        "launching/reload/test_reload": ["test_the_apps_end_is_the_end"],
        "reload/test_processes": ["test_an_app_that_is_killed_is_the_end"],
    },
    "a command of [`[[before]]`](before.md#at-restarts) with `on_restart` fails": {
        "launching/reload/test_before": ["test_one_that_fails_before_a_restart"],
    },
    "a command of `on_change` fails": {
        "reload/test_findings": ["test_a_command_that_fails_is_tried_again_and_shows_its_lines"],
    },
    "the app ends just as a signal, a change or the end of a waiting time comes": {
        "reload/test_orders": [
            "test_a_stop_that_has_ended_the_app_is_not_survived",
            "test_a_job_that_is_done_is_not_run_again",
            "test_a_signal_for_an_app_that_has_just_ended_is_for_the_next",
        ],
    },
    "the watcher is killed": {
        "reload/test_processes": [
            "test_a_watcher_that_is_killed",
            "test_a_watcher_that_is_killed_after_its_last_words",
            "test_a_watcher_that_is_killed_in_a_restart",
        ],
        "reload/test_orders": ["test_a_command_of_a_watcher_that_is_killed_is_run_again"],
    },
    "what has changed cannot be handed over: no memory, a limit on files": {
        "reload/test_orders": ["test_a_change_that_cannot_be_handed_over_is_not_lost"],
    },
    "the watcher or the supervisor stands still": {
        "reload/test_findings": ["test_two_restarts_close_together"],
        "reload/test_processes": ["test_a_watcher_that_stands_still_holds_no_restart_up"],
    },
    "the supervisor is killed elsewhere than as PID 1": {
        "reload/test_processes": [
            "test_a_supervisor_that_is_killed",
            "test_where_prctl_is_refused_all_else_is_as_ever",
        ],
    },
    "nobody reads standard error, or the pipe is full": {
        "reload/test_standard_error": ["test_nobody_reads"],
        "reload/test_findings": ["test_nobody_reads_standard_error"],
    },
    "the manifest is edited": {
        "reload/test_findings": ["test_an_edited_manifest_counts_from_the_next_start"],
    },
}
INIT = {
    "a signal arrives": {
        "launching/init/test_signals": [
            "test_every_signal_arrives_once",
            "test_the_whole_group_hears_it",
            "test_another_signal_instead",
        ],
    },
    "many signals arrive at once": {
        "launching/init/test_signals": ["test_real_time_signals_are_not_merged"],
    },
    "a stop arrives before the app has started": {
        "launching/init/test_signals": [
            "test_an_early_stop_is_never_lost",
            "test_a_stop_while_the_platform_is_silent",
        ],
    },
    "the app ends": {"launching/init/test_life": ["test_the_exit_code_is_the_apps"]},
    "the app leaves processes behind": {
        "init/test_supervisor": ["test_what_is_left_gets_the_stop_signal"],
        "launching/init/test_life": [
            "test_nobody_waits_for_orphans",
            "test_what_is_left_gets_the_grace_it_was_given",
            "test_who_does_not_listen_is_killed_at_its_end",
        ],
    },
    "orphans end": {"launching/init/test_life": ["test_five_hundred_orphans_leave_no_zombie"]},
    "the app has the terminal, and Ctrl-C or Ctrl-Z is typed": {
        "launching/init/test_terminal": [
            "test_the_keys_reach_the_app_once",
            "test_below_a_shell_it_stops_and_comes_back_as_one",
        ],
    },
    "the supervisor is stopped and continued": {
        "launching/init/test_signals": ["test_a_stopped_supervisor_goes_on_where_it_was"],
    },
    "the supervisor is killed elsewhere than as PID 1": {
        "init/test_supervisor": ["test_an_app_outlives_a_supervisor_that_is_killed"],
    },
    "nobody reads standard error any more": {
        "init/test_supervisor": ["test_every_signal_is_passed_on_and_none_of_its_own"],
        "guarantees/test_g15_interruptible": [
            "test_the_app_starts_where_nobody_reads_standard_error"
        ],
    },
    "the supervisor cannot be started": {
        "init/test_failed_start": ["test_it_is_a_refusal_in_words_and_nothing_is_started"],
    },
}
# The first words of a health check's line are held to the machine's; processes play what they can.
_WORDS = {"resident/test_status": ["test_what_is_no_reason_to_restart_an_app"]}
HEALTH = {
    "the launch is not over": {"commands/test_health": ["test_a_launch_under_way"]},
    "TERM or `stop_signal` arrived, or the container ends": {
        "commands/test_health": ["test_with_init"],
    },
    "a restart is under way": {"commands/test_health": ["test_a_restart"]},
    "the app cannot be started again": {
        "resident/test_status": ["test_an_app_that_does_not_run"],
    },
    "there has been no connection for 10 s or more": {
        "commands/test_health": ["test_an_outage_of_the_platform"],
    },
    "looks are refused": {"commands/test_health": ["test_looks_and_certificates"]},
    "the app was started from the [last good copy](last-good.md)": _WORDS,
    "fewer than `minimum_days` (a third of a short lifetime) are left": _WORDS,
    "the watcher was killed": {"commands/test_health": ["test_a_watcher_that_is_killed"]},
}
BEFORE = {
    "it exits with anything but 0, or a signal ends it": {
        "launching/command/test_before": ["test_one_that_fails"],
    },
    "it does not end within `timeout`": {
        "launching/command/test_before": [
            "test_one_that_is_late",
            "test_one_that_ignores_being_told",
        ],
    },
    "a stop arrives meanwhile, at the start": {
        "launching/command/test_before": [
            "test_a_stop",
            "test_a_stop_of_one_that_ignores_it",
            "test_a_stop_as_pid_1",
        ],
    },
    "it leaves processes behind in its process group": {
        "launching/command/test_before": ["test_what_it_leaves_behind"],
    },
    "it starts a daemon, which has a session of its own": {
        "launching/command/test_before": [
            "test_what_it_leaves_behind",
            "test_no_zombie_is_left_to_the_app",
        ],
    },
    "nobody reads standard error, or it is full": {
        "launching/command/test_before": [
            "test_output_that_nobody_reads",
            "test_standard_error_that_is_closed",
        ],
    },
}
TABLES = {
    ("before.md", "When it fails"): BEFORE,
    ("reload.md", "What happens when"): RELOAD,
    ("reload.md", "Health"): HEALTH,
    ("init.md", "What happens when"): INIT,
}


def events(page: str, heading: str) -> list[str]:
    """The first cells of the table below a heading."""
    text = (HOME / "docs" / page).read_text()
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| ")]
    return [line.split(" | ")[0].removeprefix("| ") for line in table[1:]]


@cache
def functions_of(file: str) -> frozenset[str]:
    """The test functions of a file."""
    tree = ast.parse((HOME / "tests" / f"{file}.py").read_text())
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("table", TABLES, ids=" ".join)
def test_each_row_names_its_tests(table):
    """In the order of the page, and each test is there."""
    rows = TABLES[table]
    assert events(*table) == list(rows)
    for row, files in rows.items():
        assert files, row
        for file, names in files.items():
            assert names, row
            assert set(names) <= functions_of(file), (row, file)


def test_a_row_without_a_test_is_found():
    """The check reads the pages; it would pass by reading nothing."""
    assert len(events("reload.md", "What happens when")) >= 25
    assert events("reload.md", "no such heading") == []
    assert "test_it_blocks_nothing" in functions_of("reload/test_certificates")
