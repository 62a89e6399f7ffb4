# Each function says its figures: cyclomatic, cognitive, and where it matters nesting and parameters.


def straight(self, first, *rest, key=None, **more):  # cyclomatic 1 cognitive 0 nesting 0 parameters 4
    return first


def branches(order):  # cyclomatic 3 cognitive 3 nesting 1 parameters 1
    if order.paid:  # +1
        ship(order)
    elif order.late:  # +1
        remind(order)
    else:  # +1
        wait(order)


def deeper_each_time(rows, /, *, strict):  # cyclomatic 4 cognitive 6 nesting 3 parameters 2
    for row in rows:  # +1
        while row:  # +2
            if strict:  # +3
                row = None


def else_is_a_level_too(flag):  # cyclomatic 3 cognitive 4 nesting 2
    if flag:  # +1
        return 1
    else:  # +1
        if other():  # +2
            return 2


def loops_with_else(items):  # cyclomatic 5 cognitive 4 nesting 1
    for item in items:  # +1
        pass
    else:  # +1
        pass
    while items:  # +1
        items.pop()
    else:  # +1
        pass


def handlers(path):  # cyclomatic 7 cognitive 6 nesting 2
    try:
        with open(path) as file:
            text = file.read()
    except OSError:  # +1
        if path:  # +2
            raise
    except ValueError:  # +1
        pass
    else:  # +1
        text = None
    finally:
        close(path)
    return [text for _ in range(1)] and text  # +1


def chains(a, b, c, d):  # cyclomatic 13 cognitive 8
    use(a and b and c)  # +1
    use(a or b or c or d)  # +1
    use(a and b or c and d)  # +3
    use(a and (b and c))  # +1, parentheses do not matter
    use(a and not (b and c))  # +2, the negation starts a new chain


def ternaries(a, b):  # cyclomatic 7 cognitive 7 nesting 0
    first = 1 if a else 2  # +1
    second = 3 if a else (4 if b else 5)  # +1 +2
    del first, second
    return a or b if a else (a and b)  # +1 for the ternary, +1 for or, +1 for and


def matching(command):  # cyclomatic 4 cognitive 1
    match command:  # +1
        case "go" | "run":
            return 1
        case [x, *_]:
            return 2
        case {"stop": _}:
            return 3
        case _:
            return 4


def comprehensions(rows):  # cyclomatic 6 cognitive 0
    squares = [cell for row in rows if row for cell in row if cell]
    return {one: one for one in squares}


def assertions(a, b):  # cyclomatic 2 cognitive 1
    assert a and b, "both"


def early_ways_out(items):  # cyclomatic 6 cognitive 7
    for item in items:  # +1
        if item is None:  # +2
            continue
        if item:  # +2
            break
    if items:  # +1
        return items
    return items or None  # +1


def factorial(n):  # cyclomatic 2 cognitive 2
    if n < 2:  # +1, and +1 because it calls itself
        return 1
    return n * factorial(n - 1) * factorial(1)


def even(n):  # cyclomatic 2 cognitive 2
    return n == 0 or odd(n - 1)  # +1, and +1 for the cycle through odd


def odd(n):  # cyclomatic 2 cognitive 2
    return n != 0 and even(n - 1)  # +1, and +1 for the cycle through even


def only_mentions_itself():  # cyclomatic 1 cognitive 0
    "only_mentions_itself() in a string"  # only_mentions_itself() in a comment
    return only_mentions_itself


def decorator(function):  # cyclomatic 1 cognitive 1
    def inner(*arguments):  # cyclomatic 2 cognitive 1
        if arguments:  # +1, no level for the decorator
            return function(*arguments)

    return inner


def decorator_with_options(option):  # cyclomatic 1 cognitive 1
    def outer(function):  # cyclomatic 1 cognitive 1
        @wraps(function)
        def inner(*arguments):  # cyclomatic 2 cognitive 1
            if option:  # +1
                return function(*arguments)

        return inner

    return outer


def no_decorator(function):  # cyclomatic 1 cognitive 2
    prepared = function

    def inner(*arguments):  # cyclomatic 2 cognitive 1
        if arguments:  # +1 here, +2 in no_decorator
            return prepared(*arguments)

    return inner


def lambdas(items):  # cyclomatic 4 cognitive 4
    items.sort(key=lambda item: 1 if item else 2)  # +2
    weigh = lambda item, factor=1: factor if item else 0  # cyclomatic 2 cognitive 1 parameters 2
    return [weigh(item) for item in items]


class Tree:
    label = None

    def walk(self, depth=0):  # cyclomatic 3 cognitive 3 parameters 1
        for child in self.children:  # +1
            self.visit(child, depth or 1)  # +1, and +1 for the cycle through visit

    def visit(self, child, depth):  # cyclomatic 1 cognitive 1 parameters 2
        self.walk(depth + 1)  # the cycle

    def children_of(self, other):  # cyclomatic 1 cognitive 0 parameters 1
        return other.children_of(self)  # another object: not known to be a cycle

    @classmethod
    def make(cls, size):  # cyclomatic 1 cognitive 0 parameters 1
        return make(size)  # a function of the module, not this method


def class_inside(flag):  # cyclomatic 2 cognitive 4 nesting 1
    if flag:  # +1

        class Local:  # levels start again
            def method(self):  # cyclomatic 2 cognitive 1
                return 1 if flag else 2  # +1

    def helper():  # cyclomatic 2 cognitive 1
        return 1 if flag else 2  # +2 in class_inside


async def asynchronous(stream):  # cyclomatic 3 cognitive 1
    async for item in stream:  # +1
        async with item:
            await [part async for part in item]
