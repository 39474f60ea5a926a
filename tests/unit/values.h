/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * values.h - CUnit's assertions of equality, which show the values if they fail; included by test.h
 *
 * Each argument is evaluated once, as by CUnit.
 */
#ifndef RTPRELAY_VALUES_H
#define RTPRELAY_VALUES_H

#include <CUnit/CUnit.h>
#include <stdbool.h>

/* A text that stays until the next but one is asked for */
const char *value_of_int(long long value);
const char *value_of_uint(unsigned long long value);
const char *value_of_double(double value);
const char *value_of_pointer(const void *value);

/* Reports a failed assertion, @condition, with both values; @fatal: the test ends. */
void values_differ(unsigned int line, const char *condition, const char *file, bool fatal,
		   const char *actual, const char *expected);
/* Compares two strings; reports as above if they differ. NULL equals only NULL. */
void strings_equal(unsigned int line, const char *condition, const char *file, bool fatal,
		   const char *actual, const char *expected);

/* clang-format off */
#define VALUE_OF(value)                                                                            \
	_Generic((value), int: value_of_int, long: value_of_int, long long: value_of_int,          \
		 unsigned int: value_of_uint, unsigned long: value_of_uint,                        \
		 unsigned long long: value_of_uint, float: value_of_double,                        \
		 double: value_of_double, default: value_of_pointer)(value)
/* clang-format on */

/*
 * "+ 0" makes an int of a bit-field, which has no typeof. A constant that has become a variable
 * would bring warnings of its sign.
 */
#define VALUES_EQUAL(actual, expected, condition, fatal)                                           \
	do {                                                                                       \
		_Pragma("GCC diagnostic push");                                                    \
		_Pragma("GCC diagnostic ignored \"-Wsign-compare\"");                              \
		const __typeof__((actual) + 0) actual_ = (actual);                                 \
		const __typeof__((expected) + 0) expected_ = (expected);                           \
		if (actual_ == expected_)                                                          \
			CU_assertImplementation(CU_TRUE, __LINE__, condition, __FILE__, "",        \
						fatal);                                            \
		else                                                                               \
			values_differ(__LINE__, condition, __FILE__, fatal, VALUE_OF(actual_),     \
				      VALUE_OF(expected_));                                        \
		_Pragma("GCC diagnostic pop");                                                     \
	} while (0)

#undef CU_ASSERT_EQUAL
#undef CU_ASSERT_EQUAL_FATAL
#undef CU_ASSERT_STRING_EQUAL
#undef CU_ASSERT_STRING_EQUAL_FATAL
#define CU_ASSERT_EQUAL(actual, expected)                                                          \
	VALUES_EQUAL(actual, expected, "CU_ASSERT_EQUAL(" #actual ", " #expected ")", false)
#define CU_ASSERT_EQUAL_FATAL(actual, expected)                                                    \
	VALUES_EQUAL(actual, expected, "CU_ASSERT_EQUAL_FATAL(" #actual ", " #expected ")", true)
#define CU_ASSERT_STRING_EQUAL(actual, expected)                                                   \
	strings_equal(__LINE__, "CU_ASSERT_STRING_EQUAL(" #actual ", " #expected ")", __FILE__,    \
		      false, actual, expected)
#define CU_ASSERT_STRING_EQUAL_FATAL(actual, expected)                                             \
	strings_equal(__LINE__, "CU_ASSERT_STRING_EQUAL_FATAL(" #actual ", " #expected ")",        \
		      __FILE__, true, actual, expected)

#endif
