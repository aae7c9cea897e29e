/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hash-driver.h - by what a kernel hashes, as far as it says so. Opens nothing. */
#ifndef QUIXOTE_HASH_DRIVER_H
#define QUIXOTE_HASH_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What a kernel can call one at most (CRYPTO_MAX_ALG_NAME), with its end. */
#define HASH_DRIVER_BYTES 128

/**
 * hash_driver_find() - Find the implementation of a hash function that the kernel prefers.
 * @crypto: As /proc/crypto is written (crypto/proc.c): a line a field, an empty line after each
 * entry.
 * @hash: Its name there, such as sha256.
 * @ret_driver: The one of the highest priority among those whose self-test has passed.
 *
 * Return: whether there is one.
 */
bool hash_driver_find(FILE *crypto, const char *hash, char ret_driver[HASH_DRIVER_BYTES]);

/**
 * hash_driver_is_helped() - Whether it uses what processors have for hashing.
 * @driver: Those in plain C are called generic or lib.
 */
bool hash_driver_is_helped(const char *driver);

#endif
