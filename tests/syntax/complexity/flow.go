package flow

func straight(a, b int, rest ...string) (sum int) { // cyclomatic 1 cognitive 0 parameters 3
	return a
}

func branches(a int) string { // cyclomatic 3 cognitive 3 nesting 1
	if a == 1 { // +1
		return "one"
	} else if b := a; b == 2 { // +1
		return "two"
	} else { // +1
		return "many"
	}
}

func elseIsALevel(a, b bool) int { // cyclomatic 3 cognitive 4 nesting 2
	if a { // +1
		return 1
	} else { // +1
		if b { // +2
			return 2
		}
	}
	return 3
}

func labels(rows [][]int) { // cyclomatic 4 cognitive 8 nesting 3
rows:
	for _, row := range rows { // +1
		for i := 0; i < len(row); i++ { // +2
			if row[i] == 0 { // +3
				continue rows // +1
			}
		}
	}
	goto done // +1
done:
}

func chains(a, b, c bool) bool { // cyclomatic 6 cognitive 4
	use(a && b && c)          // +1
	use(a && (b && c))        // +2, here parentheses start a chain of their own
	return a == b || c // +1
}

func switches(v any, c chan int) int { // cyclomatic 5 cognitive 3
	switch v { // +1
	case 1, 2:
		return 1
	case 3:
		return 2
	default:
	}
	switch v.(type) { // +1
	case int:
		return 3
	}
	select { // +1
	case <-c:
	default:
	}
	return 0
}

func closures(a bool) { // cyclomatic 3 cognitive 4
	x := func() { // cyclomatic 2 cognitive 1
		if a { // +2 in closures
			return
		}
	}
	go func() {
		x()
	}()
	defer func() { y(func() { use(a && a) }) }() // +1; what has no name counts for closures, cyclomatic too
	for range 3 { // +1
	}
}

func factorial(n int) int { // cyclomatic 2 cognitive 3
	if n <= 1 { // +1
		return 1
	} else { // +1
		return n * factorial(n-1) // +1
	}
}

type list struct{ next *list }

func (l *list) length(base int) int { // cyclomatic 1 cognitive 1 parameters 1
	return l.rest() // +1 for the cycle
}

func (l *list) rest() int { // cyclomatic 1 cognitive 1 parameters 0
	return l.length(1) // +1 for the cycle
}

func (l *list) other(x *list) int { // cyclomatic 1 cognitive 0
	return x.other(l) // another object
}
