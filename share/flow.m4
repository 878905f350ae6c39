# flow.m4: flowc in configure.ac.

# AM_PROG_FLOWC([MINIMUM-VERSION])
# --------------------------------
# Finds flowc and ends with an error if it is missing or older. Sets FLOWC, FLOWCFLAGS, and for C
# programs that call a flow FLOW_CFLAGS and FLOW_LIBS.
AC_DEFUN([AM_PROG_FLOWC], [
    AC_ARG_VAR([FLOWC], [the flow compiler])
    AC_ARG_VAR([FLOWCFLAGS], [options for the flow compiler])
    AC_PATH_PROG([FLOWC], [flowc])
    AS_IF([test -z "$FLOWC"], [AC_MSG_ERROR([flowc is missing])])
    m4_ifval([$1], [
        AC_MSG_CHECKING([whether flowc is at least version $1])
        flowc_version=`$FLOWC --version | sed -n 's/^flowc //p'`
        AS_VERSION_COMPARE([$flowc_version], [$1],
            [AC_MSG_RESULT([no])
             AC_MSG_ERROR([flowc is of version $flowc_version, but $1 is needed])])
        AC_MSG_RESULT([yes])])
    FLOW_CFLAGS=-I`$FLOWC -print-file-name=include`
    FLOW_LIBS="`$FLOWC -print-file-name=libflow.a` -lm -lpthread -ldl"
    AC_SUBST([FLOW_CFLAGS])
    AC_SUBST([FLOW_LIBS])
])
