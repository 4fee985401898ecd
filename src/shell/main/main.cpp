#include "shell/cli.h"

extern char** environ;

int main(int argc, char** argv) { return mlbot::shell::run_command_line(argc, argv, environ); }
