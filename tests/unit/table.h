/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.h - tables of cases as tests of CMocka. */
#ifndef QUIXOTE_TEST_TABLE_H
#define QUIXOTE_TEST_TABLE_H

/* Each row, which has a @name, is a test: @check is called with it as its state. */
#define ADD_TABLE(table, check)                                                   \
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)                            \
		tests[count++] = (struct CMUnitTest){ .name = table[i].name,      \
						      .test_func = check,         \
						      .initial_state = &table[i] }

#endif
