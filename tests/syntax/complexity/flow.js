function straight(a, { b }, ...rest) { // cyclomatic 1 cognitive 0 parameters 3
  return a ?? b?.c;
}

function branches(order) { // cyclomatic 3 cognitive 3 nesting 1
  if (order.paid) { // +1
    ship(order);
  } else if (order.late) { // +1
    remind(order);
  } else { // +1
    wait(order);
  }
}

function elseWithBlock(a, b) { // cyclomatic 3 cognitive 4 nesting 2
  if (a) return 1; // +1
  else { // +1
    if (b) return 2; // +2
  }
}

function loops(rows) { // cyclomatic 8 cognitive 12 nesting 3
  outer: for (const row of rows) { // +1
    for (let at = 0; at < row.length; at++) // +2
      if (row[at]) continue outer; // +3 +1
    do { // +2
      row.pop();
    } while (row.length && rows); // +1
  }
  for (const key in rows) { break; } // +1
  return rows || null; // +1
}

function switching(key) { // cyclomatic 4 cognitive 3
  switch (key) { // +1
    case 1:
    case 2:
      return "few";
    default:
      return key ? "some" : "none"; // +2
  }
}

function caught(load) { // cyclomatic 3 cognitive 3 nesting 2
  try {
    load();
  } catch (error) { // +1
    if (error) throw error; // +2
  } finally {
    close();
  }
}

function chains(a, b, c, d) { // cyclomatic 10 cognitive 7
  use(a && b && c); // +1
  use(a && (b && c) || d); // +2
  use(a && !(b || c)); // +2
  return a || b && d; // +2
}

function negated(a, b) { // cyclomatic 2 cognitive 1
  return !a && !b; // +1, a negated variable starts no chain
}

const arrow = (item) => (item ? 1 : 2); // cyclomatic 2 cognitive 1 parameters 1

const short = item => item; // cyclomatic 1 cognitive 0 parameters 1

exports.assigned = function (a, b) { // cyclomatic 2 cognitive 1 parameters 2
  if (a) return b; // +1
};

const table = {
  method(a) { return a && 1; }, // cyclomatic 2 cognitive 1
  property: (a) => a || 1, // cyclomatic 2 cognitive 1
};

class Shape {
  field = (a) => a; // cyclomatic 1 cognitive 0
  #secret(a) { return a ? 1 : 2; } // cyclomatic 2 cognitive 1
  walk() { // cyclomatic 1 cognitive 1
    this.walk(); // +1 for the cycle
  }
}

function callbacks(items) { // cyclomatic 3 cognitive 3
  if (items) { // +1
    return items;
  }
  return items.map((item) => { // a level, because callbacks() has a condition of its own
    if (item) return 1; // +2
  });
}

function namespace(root) { // cyclomatic 1 cognitive 2
  root.first = function (a) { // cyclomatic 2 cognitive 1
    if (a) return 1; // +1, no level for a function that only holds others
  };
  function second(a) { // cyclomatic 2 cognitive 1
    while (a) a = next(a); // +1
  }
}

function* counter(limit) { // cyclomatic 2 cognitive 1
  while (limit--) yield limit; // +1
}

export default function (a) { // cyclomatic 2 cognitive 1
  return a ? 1 : 2; // +1
}
