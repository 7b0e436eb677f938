/* bin/cycle-exec of the wheels for x86_64 and aarch64: starts the interpreter of its installation.
 *
 * A script would do it too late: by the time its first line runs, Python has obeyed PYTHONPATH and
 * PYTHONHOME and run sitecustomize and the .pth files of other packages. A shell in between would
 * change the environment. This program starts python -I -S with the environment byte for byte. It
 * has no libc, allocates nothing, reads one line at most, and asks the kernel for about ten things.
 *
 * The first of these is to hold signals until cycle-exec can hear them, a hundredth of a second
 * later: as PID 1 the kernel would drop them until then. The mask as it was goes along as a word.
 *
 * Which interpreter: the one that the installer had, as the place of the package tells it.
 *   ROOT/lib/python3.N/site-packages    ROOT/bin/python3.N, or another's (pip --user, --prefix)
 *   ROOT/lib/python3.N/dist-packages    /usr/bin/python3.N: Debian's pip installs into /usr/local
 *   ROOT                                another's python3 (pip --target)
 * The other one is in the folder of the interpreter that has installed it, or else the system's. A
 * wheel can carry no path, but installers write theirs into every script that begins with #!python:
 * ROOT/bin/cycle-exec-python is one, for this program to read. Whoever can change it can change
 * this program.
 */

#define PATH_SIZE 4096
#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define O_RDONLY_DIRECTORY_CLOEXEC (DIRECTORY | 02000000)
#define O_RDONLY_NONBLOCK_CLOEXEC (04000 | 02000000)
#define X_OK 1
#define S_IFMT 0170000
#define S_IFDIR 0040000
#define S_IFLNK 0120000
#define S_ISVTX 01000
#define SIG_BLOCK 0
#define SIGINT 2
#define AT_NULL 0
#define AT_EXECFN 31
#define E2BIG 7
#define CODE_ARGUMENTS 126
#define CODE_CONFIG 78

#if defined(__x86_64__)
enum { CLOSE = 3, EXECVE = 59, EXIT_GROUP = 231, FACCESSAT = 269, GETDENTS64 = 217, GETEUID = 107,
       GETPID = 39, NEWFSTATAT = 262, OPENAT = 257, READ = 0, READLINKAT = 267, SIGPROCMASK = 14,
       WRITE = 1, DIRECTORY = 0200000 };
enum { STATUS_MODE = 6, STATUS_UID = 7 };
__asm__(".text\n.globl _start\n.type _start,@function\n_start:\n"
        "xor %ebp, %ebp\nmov %rsp, %rdi\nand $-16, %rsp\ncall begin\nhlt\n");
#elif defined(__aarch64__)
enum { CLOSE = 57, EXECVE = 221, EXIT_GROUP = 94, FACCESSAT = 48, GETDENTS64 = 61, GETEUID = 175,
       GETPID = 172, NEWFSTATAT = 79, OPENAT = 56, READ = 63, READLINKAT = 78, SIGPROCMASK = 135,
       WRITE = 64, DIRECTORY = 040000 };
enum { STATUS_MODE = 4, STATUS_UID = 6 };
__asm__(".text\n.globl _start\n.type _start,%function\n_start:\n"
        "mov x29, #0\nmov x30, #0\nmov x0, sp\nbl begin\nbrk #1\n");
#else
#error "this processor has no wheel of its own: install the pure one"
#endif

typedef unsigned long size;

static long
call(long number, long a, long b, long c, long d)
{
#if defined(__x86_64__)
    register long r10 __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall" : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
#else
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c, x3 __asm__("x3") = d;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
#endif
}

static size
length(const char *text)
{
    size count = 0;
    while (text[count]) {
        count++;
    }
    return count;
}

static int
begins(const char *text, const char *with)
{
    while (*with) {
        if (*text++ != *with++) {
            return 0;
        }
    }
    return 1;
}

/* A path that is put together; what does not fit makes it empty, and nothing is found there. */
struct path {
    size used;
    char text[PATH_SIZE];
};

static struct path *
add(struct path *path, const char *text, size count)
{
    if (!path->used || path->used + count >= PATH_SIZE) {
        path->used = 0;
    } else {
        for (size n = 0; n < count; n++) {
            path->text[path->used + n] = text[n];
        }
        path->used += count;
    }
    path->text[path->used] = '\0';
    return path;
}

/* path = folder + a + b + c, where folder ends before its own end. */
static int
join(struct path *path, const char *folder, size count, const char *a, const char *b, const char *c)
{
    path->used = 1;
    path->text[0] = '/';
    if (count) {
        add(path, folder + 1, count - 1);
    } else if (*a == '/') {
        a++;
    }
    add(add(add(path, a, length(a)), b, length(b)), c, length(c));
    return path->used != 0;
}

static int
accessible(const struct path *path)
{
    return path->used && call(FACCESSAT, AT_FDCWD, (long)path->text, X_OK, 0) == 0;
}

struct installation {
    struct path interpreter;
    struct path home;          /* the folder that has the package */
    long version;              /* of Python, its second number */
};

/* A file's installation: root is the folder above bin/. */
struct place {
    const char *file;
    size bin;
    size root;
};

/* Whether name can be executed in the folder; leaves it in path. */
static int
find_in(struct path *path, const char *folder, size count, const char *name)
{
    return join(path, folder, count, "/", name, "") && accessible(path);
}

static int
find_beside(struct path *path, const struct place *place, const char *name)
{
    return find_in(path, place->file, place->bin, name);
}

/* Whether only root and this user can change what has this name, or the content of that. */
static int
is_ours(const char *path, long flags)
{
    unsigned status[64]; /* struct stat, in the kernel's words */
    if (call(NEWFSTATAT, AT_FDCWD, (long)path, (long)status, flags) != 0) {
        return 0;
    }
    unsigned mode = status[STATUS_MODE], user = status[STATUS_UID], kind = mode & S_IFMT;
    return (user == 0 || user == (unsigned)call(GETEUID, 0, 0, 0, 0))
        && (!(mode & 022) || kind == S_IFLNK || (kind == S_IFDIR && (mode & S_ISVTX)));
}

/* The same of every folder and link on the way: where an image was built in /tmp, anybody could put
 * there later what is not there any more.
 */
static int
is_safe(struct path *path)
{
    for (size n = 1; n <= path->used; n++) {
        char here = path->text[n];
        if (here == '/' || here == '\0') {
            path->text[n] = '\0';
            int ours = is_ours(path->text, AT_SYMLINK_NOFOLLOW);
            path->text[n] = here;
            if (!ours) {
                return 0;
            }
        }
    }
    return is_ours(path->text, 0);
}

/* The same in the folder of the interpreter that the installer had. */
static int
find_installers(struct path *path, const struct place *place, const char *name)
{
    char line[PATH_SIZE];
    join(path, place->file, place->bin, "/cycle-exec-python", "", "");
    long file = call(OPENAT, AT_FDCWD, (long)path->text, O_RDONLY_NONBLOCK_CLOEXEC, 0);
    long filled = file < 0 ? 0 : call(READ, file, (long)line, sizeof line - 1, 0);
    call(CLOSE, file, 0, 0, 0);
    line[filled > 0 ? filled : 0] = '\0';
    if (!begins(line, "#!/")) {
        return 0;
    }
    size end = 2;
    for (size n = 2; line[n] && line[n] != '\n'; n++) {
        end = line[n] == '/' ? n : end;
    }
    return find_in(path, line + 2, end - 2, name) && is_safe(path);
}

/* An interpreter that is not beside the program. */
static int
find_elsewhere(struct path *path, const struct place *place, const char *name)
{
    return find_installers(path, place, name) || find_in(path, "/usr/local/bin", 14, name)
        || find_in(path, "/usr/bin", 8, name);
}

static int
find_interpreter(struct path *path, const struct place *place, const char *name, int debian)
{
    if ((debian && find_in(path, "/usr/bin", 8, name)) || find_beside(path, place, name)) {
        return 1;
    }
    /* Every tool gives a virtual environment these names. */
    if (join(path, place->file, place->root, "/pyvenv.cfg", "", "")
        && call(FACCESSAT, AT_FDCWD, (long)path->text, 0, 0) == 0) {
        return find_beside(path, place, "python3") || find_beside(path, place, "python");
    }
    return find_elsewhere(path, place, name);
}

/* python3.N in ROOT/lib: takes it, if it has the package and an interpreter, and is newer. */
static void
consider(struct installation *found, const struct place *place, const char *name)
{
    long version = 0;
    for (const char *digit = name + 8; *digit >= '0' && *digit <= '9' && version < 1000; digit++) {
        version = version * 10 + *digit - '0';
    }
    if (version <= found->version) {
        return;
    }
    for (int debian = 0; debian < 2; debian++) {
        struct installation here;
        const char *packages = debian ? "/dist-packages" : "/site-packages";
        if (!join(&here.home, place->file, place->root, "/lib/", name, packages)) {
            continue;
        }
        size home = here.home.used;
        if (accessible(add(&here.home, "/cycle_exec/", 12))
            && find_interpreter(&here.interpreter, place, name, debian)) {
            join(&found->home, here.home.text, home, "", "", "");
            join(&found->interpreter, here.interpreter.text, here.interpreter.used, "", "", "");
            found->version = version;
            return;
        }
    }
}

struct entry {
    unsigned long inode;
    long offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

static int
find(struct installation *found, const char *file, size count)
{
    struct place place = {file, 0, 0};
    struct path path;
    for (size n = 0; n < count; n++) {
        if (file[n] == '/') {
            place.root = place.bin;
            place.bin = n;
        }
    }
    if (file[0] != '/' || place.bin - place.root != 4 || !begins(file + place.root, "/bin/")) {
        return 0;
    }
    found->version = -1;
    if (join(&path, file, place.root, "/lib", "", "")) {
        long folder = call(OPENAT, AT_FDCWD, (long)path.text, O_RDONLY_DIRECTORY_CLOEXEC, 0);
        if (folder >= 0) {
            char entries[8192] __attribute__((aligned(8)));
            long filled;
            while ((filled = call(GETDENTS64, folder, (long)entries, sizeof entries, 0)) > 0) {
                for (long at = 0; at < filled;) {
                    const struct entry *entry = (const struct entry *)(entries + at);
                    if (begins(entry->name, "python3")) {
                        consider(found, &place, entry->name);
                    }
                    at += entry->size;
                }
            }
            call(CLOSE, folder, 0, 0, 0);
        }
    }
    if (found->version >= 0) {
        return 1;
    }
    if (join(&path, file, place.root, "/cycle_exec/", "", "") && accessible(&path)
        && (find_beside(&found->interpreter, &place, "python3")
            || find_elsewhere(&found->interpreter, &place, "python3"))) {
        return join(&found->home, file, place.root, "", "", "");
    }
    return 0;
}

/* What Python heeds even with -I: it takes the variable's value for its own path, and the standard
 * library from wherever a pyvenv.cfg beside that says. Under a name that means nothing to it the
 * variable passes; cycle_exec.system.invocation gives it its name again.
 */
static void
hide(char **environ)
{
    for (; *environ; environ++) {
        if (begins(*environ, "PYTHONEXECUTABLE=") || begins(*environ, "__PYVENV_LAUNCHER__=")) {
            **environ = '\1';
        }
    }
}

/* Holds signals, and writes the mask as it was, in hexadecimal; nothing where that is refused.
 *
 * As PID 1 all but the two that a C library keeps for itself. Elsewhere a signal ends the process by
 * its default, but for INT, for which Python has a handler long before it runs a line of ours.
 */
static void
hold_signals(char *word)
{
    unsigned long before = 0;
    unsigned long held = call(GETPID, 0, 0, 0, 0) == 1 ? ~(3UL << 31) : 1UL << (SIGINT - 1);
    if (call(SIGPROCMASK, SIG_BLOCK, (long)&held, (long)&before, sizeof before) == 0) {
        for (int shift = 60; shift >= 0; shift -= 4) {
            *word++ = "0123456789abcdef"[before >> shift & 15];
        }
    }
    *word = '\0';
}

static void
say(const char *text)
{
    char line[PATH_SIZE];
    size count = 0;
    for (; text[count] && count < sizeof line; count++) {
        char byte = text[count];
        line[count] = (byte < ' ' && byte != '\n') || byte > '~' ? '?' : byte;
    }
    call(WRITE, 2, (long)line, count, 0);
}

static void __attribute__((noreturn))
leave(int code)
{
    for (;;) {
        call(EXIT_GROUP, code, 0, 0, 0);
    }
}

static const char boot[] =
    "import sys\n"
    "sys.path.append(sys.argv.pop(1))\n"
    "mask = sys.argv.pop(1)\n"
    "from cycle_exec.entry import main\n"
    "main(mask)\n";

static void
start(const struct installation *found, const char *mask, size count, char **words, char **environ)
{
    const char *all[count + 8];
    size used = 0;
    all[used++] = found->interpreter.text;
    all[used++] = "-I";
    all[used++] = "-S";
    all[used++] = "-c";
    all[used++] = boot;
    all[used++] = found->home.text;
    all[used++] = mask;
    for (size n = 1; n < count; n++) {
        all[used++] = words[n];
    }
    all[used] = 0;
    hide(environ);
    long error = -call(EXECVE, (long)found->interpreter.text, (long)all, (long)environ, 0);
    say("cycle-exec: ");
    if (error == E2BIG) {
        say("the arguments and the environment are larger than the kernel allows "
            "(arguments-too-long)\n  fix: make them smaller\n");
        leave(CODE_ARGUMENTS);
    }
    say(found->interpreter.text);
    say(": the interpreter cannot be started (file-missing)\n"
        "  fix: install Python and cycle-exec again\n");
    leave(CODE_CONFIG);
}

void __attribute__((noreturn, used))
begin(char **stack)
{
    size count = *(size *)stack;
    char **words = stack + 1, **environ = words + count + 1, **end = environ;
    while (*end) {
        end++;
    }
    char mask[17];
    hold_signals(mask);
    const char *called = "";
    for (size *extra = (size *)(end + 1); *extra != AT_NULL; extra += 2) {
        if (*extra == AT_EXECFN) {
            called = (const char *)extra[1];
        }
    }
    char self[PATH_SIZE];
    struct installation found;
    long filled = call(READLINKAT, AT_FDCWD, (long)"/proc/self/exe", (long)self, PATH_SIZE - 1);
    if (filled > 0 && find(&found, self, (size)filled)) {
        start(&found, mask, count, words, environ);
    }
    /* Without /proc, or where an installer has made the file itself a link: along the links. */
    struct path path;
    path.used = 0;
    if (called[0] == '/') {
        join(&path, called, length(called), "", "", "");
    }
    for (int links = 0; path.used && links < 40; links++) {
        if (find(&found, path.text, path.used)) {
            start(&found, mask, count, words, environ);
        }
        filled = call(READLINKAT, AT_FDCWD, (long)path.text, (long)self, PATH_SIZE - 1);
        if (filled <= 0) {
            break;
        }
        if (self[0] == '/') {
            join(&path, self, (size)filled, "", "", "");
        } else {
            while (path.used > 1 && path.text[path.used - 1] != '/') {
                path.used--;
            }
            add(&path, self, (size)filled);
        }
    }
    say("cycle-exec: ");
    say(called);
    say(": no Python interpreter is beside it, where it was installed from, in /usr/local/bin or "
        "in /usr/bin, or it has no package cycle_exec (file-missing)\n"
        "  fix: install cycle-exec into a virtual environment of an interpreter that is there, or "
        "start it with: PYTHON -I -m cycle_exec\n");
    leave(CODE_CONFIG);
}
