#include "called.h"

int main(void)
{
    char *arguments[] = {"caller", "-q", "--store=none:", "a.n=21", 0};
    return called_flow(4, arguments);
}
