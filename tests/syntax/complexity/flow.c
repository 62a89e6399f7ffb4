static int straight(void) { // cyclomatic 1 cognitive 0 parameters 0
    return 1;
}

char *pointer(const char *name, ...) // cyclomatic 2 cognitive 1 parameters 2
{
    return name ? (char *)name : 0; // +1
}

int branches(int a) { // cyclomatic 3 cognitive 3 nesting 1
    if (a == 1) return 1; // +1
    else if (a == 2) return 2; // +1
    else return 3; // +1
}

int cleanup(int *rows, int count) { // cyclomatic 6 cognitive 8 nesting 2
    for (int i = 0; i < count; i++) { // +1
        if (rows[i] == 0) goto fail; // +2 +1
        while (rows[i] > 0 && count) rows[i]--; // +2 +1
    }
    do { count--; } while (count > 0); // +1
    return 0;
fail:
    return -1;
}

int switches(int a) { // cyclomatic 3 cognitive 1
    switch (a) { // +1
    case 1:
    case 2:
        return 1;
    default:
        return 0;
    }
}

int factorial(int n) { // cyclomatic 2 cognitive 2
    return n < 2 ? 1 : n * factorial(n - 1); // +1, and +1 for the cycle
}
