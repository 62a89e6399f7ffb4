#include <vector>

Shape::Shape(int size) : size(size) { } // cyclomatic 1 cognitive 0 parameters 1

bool Shape::operator==(const Shape &other) const { // cyclomatic 2 cognitive 1 parameters 1
    return size == other.size and true; // +1
}

template <typename T>
T largest(const std::vector<T> &items, T start = T()) { // cyclomatic 3 cognitive 3 nesting 2 parameters 2
    for (const auto &item : items) // +1
        if (item > start) start = item; // +2
    return start;
}

void caught() { // cyclomatic 2 cognitive 1
    try { run(); } catch (...) { } // +1
}

class Tree {
    int walk(int depth) { // cyclomatic 1 cognitive 1
        return walk(depth + 1); // +1 for the cycle
    }
    Tree() = default;
};

void lambdas(std::vector<int> items) { // cyclomatic 1 cognitive 2
    auto weigh = [&](int item, int factor) { return item ? factor : 0; }; // cyclomatic 2 cognitive 1 parameters 2
    weigh(1, 2);
}
