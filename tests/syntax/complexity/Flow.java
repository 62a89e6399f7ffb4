class Flow {
    Flow(int a, String... rest) { } // cyclomatic 1 cognitive 0 parameters 2

    abstract int missing();

    int branches(int a) { // cyclomatic 3 cognitive 3 nesting 1
        if (a == 1) return 1; // +1
        else if (a == 2) return 2; // +1
        else return 3; // +1
    }

    int deeper(List<Integer> rows) { // cyclomatic 6 cognitive 10 nesting 3
        rows:
        for (int row : rows) { // +1
            for (int i = 0; i < row; i++) { // +2
                do { // +3
                    continue rows; // +1
                } while (true);
            }
            while (row > 0) { // +2
                row--;
            }
        }
        return rows == null ? 0 : 1; // +1
    }

    int switches(int a) { // cyclomatic 5 cognitive 4
        switch (a) { // +1
            case 1: case 2: return 1;
            default: break;
        }
        return switch (a) { // +1
            case 1 -> { if (a > 0) yield 1; yield 2; } // +2
            default -> 0;
        };
    }

    void caught() { // cyclomatic 3 cognitive 3 nesting 2
        try (var in = open()) {
            synchronized (this) { use(in); }
        } catch (IOException | RuntimeException error) { // +1
            if (error == null) { } // +2
        } finally { close(); }
    }

    boolean chains(boolean a, boolean b, boolean c) { // cyclomatic 7 cognitive 5
        use(a && b || c); // +2
        use(a && (b && c)); // +1
        use(a && !(b && c)); // +2
        return false;
    }

    void lambdas(List<Integer> items) { // cyclomatic 2 cognitive 4
        items.forEach(item -> { if (item > 0) use(item); }); // +2
        Function<Integer, Integer> weigh = (item) -> item > 0 ? 1 : 2; // cyclomatic 2 cognitive 1 parameters 1
    }

    void anonymous() { // cyclomatic 1 cognitive 2
        run(new Runnable() {
            public void run() { // cyclomatic 2 cognitive 1
                if (ready()) stop(); // +2 in anonymous
            }
        });
    }

    int factorial(int n) { // cyclomatic 2 cognitive 2
        return n < 2 ? 1 : n * this.factorial(n - 1); // +1, and +1 for the cycle
    }

    int overloaded(int a) { // cyclomatic 1 cognitive 0
        return overloaded(a, 1); // another method
    }

    int overloaded(int a, int b) { // cyclomatic 1 cognitive 0
        return a + b;
    }
}
