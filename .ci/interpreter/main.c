/* bin/cycle-exec of the relocatable folder: CPython with cycle-exec as its only program.
 *
 * It stands in the place of CPython's own Programs/python.c. Linked statically: it needs no library
 * and no dynamic linker of the image. All it reads is in the folder that it is in, wherever that
 * was put; no PYTHON variable means anything to it. Called by the name python3, which it is where
 * cycle-exec starts itself anew, it is a bare isolated interpreter.
 */
#define PY_SSIZE_T_CLEAN
#include "Python.h"

#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SOFTWARE 70

static PyObject *
call_prctl(PyObject *Py_UNUSED(module), PyObject *words)
{
    int option;
    unsigned long a, b, c, d;
    if (!PyArg_ParseTuple(words, "ikkkk", &option, &a, &b, &c, &d)) {
        return NULL;
    }
    return PyLong_FromLong(prctl(option, a, b, c, d));
}

/* Header and data as capset(2) has them. */
static PyObject *
call_capset(PyObject *Py_UNUSED(module), PyObject *words)
{
    const char *header, *data;
    Py_ssize_t header_size, data_size;
    if (!PyArg_ParseTuple(words, "y#y#", &header, &header_size, &data, &data_size)) {
        return NULL;
    }
    struct __user_cap_header_struct copy;
    if (header_size != sizeof copy || data_size != 2 * sizeof(struct __user_cap_data_struct)) {
        PyErr_SetString(PyExc_ValueError, "not the size of version 3");
        return NULL;
    }
    memcpy(&copy, header, sizeof copy);
    return PyLong_FromLong(syscall(SYS_capset, &copy, data));
}

/* The data, None where the kernel refuses. */
static PyObject *
call_capget(PyObject *Py_UNUSED(module), PyObject *words)
{
    const char *header;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(words, "y#", &header, &size)) {
        return NULL;
    }
    struct __user_cap_header_struct copy;
    struct __user_cap_data_struct data[2];
    if (size != sizeof copy) {
        PyErr_SetString(PyExc_ValueError, "not the size of version 3");
        return NULL;
    }
    memcpy(&copy, header, sizeof copy);
    if (syscall(SYS_capget, &copy, data) != 0) {
        Py_RETURN_NONE;
    }
    return PyBytes_FromStringAndSize((const char *)data, sizeof data);
}

/* These three return 0, or -1 where the kernel refuses. */
static PyObject *
call_unshare(PyObject *Py_UNUSED(module), PyObject *words)
{
    int flags;
    if (!PyArg_ParseTuple(words, "i", &flags)) {
        return NULL;
    }
    return PyLong_FromLong(unshare(flags));
}

static PyObject *
call_mount(PyObject *Py_UNUSED(module), PyObject *words)
{
    const char *source, *target, *kind, *data;
    unsigned long flags;
    if (!PyArg_ParseTuple(words, "zyzkz", &source, &target, &kind, &flags, &data)) {
        return NULL;
    }
    return PyLong_FromLong(mount(source, target, kind, flags, data));
}

static PyObject *
call_umount2(PyObject *Py_UNUSED(module), PyObject *words)
{
    const char *target;
    int flags;
    if (!PyArg_ParseTuple(words, "yi", &target, &flags)) {
        return NULL;
    }
    return PyLong_FromLong(umount2(target, flags));
}

static PyObject *
call_inotify_init1(PyObject *Py_UNUSED(module), PyObject *words)
{
    int flags;
    if (!PyArg_ParseTuple(words, "i", &flags)) {
        return NULL;
    }
    return PyLong_FromLong(inotify_init1(flags));
}

static PyObject *
call_inotify_add_watch(PyObject *Py_UNUSED(module), PyObject *words)
{
    int descriptor;
    const char *path;
    unsigned int mask;
    if (!PyArg_ParseTuple(words, "iyI", &descriptor, &path, &mask)) {
        return NULL;
    }
    return PyLong_FromLong(inotify_add_watch(descriptor, path, mask));
}

static PyMethodDef prctl_functions[] = {
    {"prctl", call_prctl, METH_VARARGS, "prctl(2)"},
    {"capset", call_capset, METH_VARARGS, "capset(2)"},
    {"capget", call_capget, METH_VARARGS, "capget(2)"},
    {"unshare", call_unshare, METH_VARARGS, "unshare(2)"},
    {"mount", call_mount, METH_VARARGS, "mount(2)"},
    {"umount2", call_umount2, METH_VARARGS, "umount2(2)"},
    {"inotify_init1", call_inotify_init1, METH_VARARGS, "inotify_init1(2)"},
    {"inotify_add_watch", call_inotify_add_watch, METH_VARARGS, "inotify_add_watch(2)"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef prctl_module = {
    PyModuleDef_HEAD_INIT, .m_name = "_prctl", .m_methods = prctl_functions,
};

static PyObject *
make_prctl_module(void)
{
    return PyModule_Create(&prctl_module);
}

/* What was started: the name by which the kernel found it, never argv[0], which anyone may set. */
static const char *
started(void)
{
    const char *name = (const char *)getauxval(AT_EXECFN);
    return name ? name : "";
}

/* The folder above bin/: of the file itself, whatever links led to it. */
static int
find_folder(char folder[PATH_MAX])
{
    /* Without /proc, as in a chroot, the kernel's name for it has to do. */
    if (!realpath("/proc/self/exe", folder) && !realpath(started(), folder)) {
        return -1;
    }
    for (int level = 0; level < 2; level++) {
        char *slash = strrchr(folder, '/');
        if (!slash) {
            return -1;
        }
        *slash = '\0';
    }
    return 0;
}

/* PyConfig_SetBytesString of a path in the folder. */
static PyStatus
set_path(PyConfig *config, wchar_t **place, const char *folder, const char *inside)
{
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s%s", folder, inside);
    return PyConfig_SetBytesString(config, place, path);
}

static PyStatus
add_search_path(PyConfig *config, const char *folder, const char *inside)
{
    wchar_t *path = NULL;
    PyStatus status = set_path(config, &path, folder, inside);
    if (!PyStatus_Exception(status)) {
        status = PyWideStringList_Append(&config->module_search_paths, path);
    }
    PyMem_RawFree(path);
    return status;
}

static PyStatus
set_paths(PyConfig *config, const char *folder)
{
    struct { wchar_t **place; const char *inside; } paths[] = {
        {&config->executable, "/lib/python3"}, {&config->base_executable, "/lib/python3"},
        {&config->home, ""}, {&config->prefix, ""}, {&config->base_prefix, ""},
        {&config->exec_prefix, ""}, {&config->base_exec_prefix, ""},
        {&config->stdlib_dir, "/lib/standard"},
    };
    PyStatus status = PyStatus_Ok();
    for (size_t n = 0; n < sizeof paths / sizeof *paths && !PyStatus_Exception(status); n++) {
        status = set_path(config, paths[n].place, folder, paths[n].inside);
    }
    if (!PyStatus_Exception(status)) {
        status = add_search_path(config, folder, "/lib/standard");
    }
    if (!PyStatus_Exception(status)) {
        status = add_search_path(config, folder, "/lib/packages");
    }
    config->module_search_paths_set = 1;
    return status;
}

static PyStatus
initialise(const char *folder, int argc, char **argv, int as_interpreter)
{
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;                          /* arguments and names, whatever the locale */
    before.allocator = PYMEM_ALLOCATOR_MIMALLOC;   /* musl's own costs a tenth of a start */
    PyStatus status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status)) {
        return status;
    }
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.parse_argv = as_interpreter;
    config.site_import = 0;
    config.write_bytecode = 0;
    config.pathconfig_warnings = 0;
    config.install_signal_handlers = 1;            /* as python3 does; the app gets its own back */
    status = set_paths(&config, folder);
    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetBytesArgv(&config, argc, argv);
    }
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    return status;
}

/* Holds signals until cycle-exec can hear them, and writes the mask as it was: as .ci/stub/main.c
 * does it, which says why. The kernel's own call: musl's would keep one signal more to itself.
 */
static void
hold_signals(char word[17])
{
    unsigned long before = 0;
    unsigned long held = getpid() == 1 ? ~(3UL << 31) : 1UL << (SIGINT - 1);
    word[0] = '\0';
    if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, &held, &before, sizeof before) == 0) {
        snprintf(word, 17, "%016lx", before);
    }
}

/* cycle_exec.entry.main, which ends the process itself. */
static int
run_cycle_exec(const char *mask)
{
    PyObject *entry = PyImport_ImportModule("cycle_exec.entry");
    if (entry) {
        PyObject_CallMethod(entry, "main", "s", mask);
    }
    PyErr_Print();
    return SOFTWARE;
}

/* Even an isolated CPython takes these for its own path. cycle_exec.system.invocation gives them
 * their names again.
 */
static void
hide_variables(void)
{
    static const char *const names[] = {"PYTHONEXECUTABLE=", "__PYVENV_LAUNCHER__="};
    for (char **entry = environ; *entry; entry++) {
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            if (strncmp(*entry, names[n], strlen(names[n])) == 0) {
                **entry = '\1';
            }
        }
    }
}

int
main(int argc, char **argv)
{
    char folder[PATH_MAX], name[PATH_MAX];
    if (find_folder(folder) < 0) {
        fputs("cycle-exec: its own folder cannot be found (internal)\n", stderr);
        return SOFTWARE;
    }
    snprintf(name, sizeof name, "%s", started());
    int as_interpreter = strcmp(basename(name), "python3") == 0;
    char mask[17];
    if (!as_interpreter) {
        hold_signals(mask);
    }
    hide_variables();
    PyImport_AppendInittab("_prctl", make_prctl_module);
    PyStatus status = initialise(folder, argc, argv, as_interpreter);
    if (PyStatus_Exception(status)) {
        Py_ExitStatusException(status);
    }
    return as_interpreter ? Py_RunMain() : run_cycle_exec(mask);
}
