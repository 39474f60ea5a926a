/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch.c - a transaction for nf_tables being written: messages, and elements of sets */
#include <stdlib.h>
#include "firewall/batch.h" /* first: <netinet/in.h> and <linux/in.h> agree in this order only */
#include <libmnl/libmnl.h>
#include <libnftnl/batch.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/* Larger than any single message. */
#define MESSAGE_ROOM 32768
/* Elements in one message: an attribute is at most 64 KiB. */
#define ELEMS_MAX 256

/* The elements of one message: all of one set, and all added or all removed. */
struct nft_elems {
	struct nftnl_set *set;
	uint32_t id; /* of the set */
	bool add;
	unsigned int count;
};

/* --- Messages --------------------------------------------------------------------------------- */

static bool reserve(struct nft_batch *batch)
{
	size_t size = batch->size ? batch->size * 2 : (size_t)MESSAGE_ROOM * 2;
	char *data;

	if (batch->failed)
		return false;
	if (batch->size - batch->len >= MESSAGE_ROOM)
		return true;
	data = realloc(batch->data, size);
	batch->failed = !data;
	if (data) {
		memset(data + batch->size, 0,
		       size - batch->size); /* libmnl does not write padding bytes */
		batch->data = data;
		batch->size = size;
	}
	return data;
}

void nft_fail_if(struct nft_batch *batch, bool failed)
{
	batch->failed = batch->failed || failed;
}

struct nlmsghdr *nft_message(struct nft_batch *batch, uint16_t type, uint16_t flags)
{
	if (!reserve(batch))
		return NULL;
	return nftnl_nlmsg_build_hdr(batch->data + batch->len, type, NFPROTO_INET, flags,
				     ++batch->seq);
}

void nft_message_end(struct nft_batch *batch, const struct nlmsghdr *nlh)
{
	batch->len += MNL_ALIGN(nlh->nlmsg_len);
}

void nft_batch_begin(struct nft_batch *batch)
{
	batch->len = 0;
	batch->failed = false;
	if (reserve(batch))
		nft_message_end(batch, nftnl_batch_begin(batch->data + batch->len, ++batch->seq));
}

/* --- Elements --------------------------------------------------------------------------------- */

struct nftnl_set *nft_set_of(struct nft_batch *batch, const struct nft_set_name *which)
{
	struct nftnl_set *set = nftnl_set_alloc();

	nft_fail_if(batch, !set || nftnl_set_set_str(set, NFTNL_SET_TABLE, NFT_TABLE) ||
				   nftnl_set_set_str(set, NFTNL_SET_NAME, which->name));
	if (set)
		nftnl_set_set_u32(set, NFTNL_SET_ID, which->id);
	return set;
}

/* Writes the elements collected in @batch->elems. */
static void elems_flush(struct nft_batch *batch)
{
	struct nft_elems *elems = batch->elems;
	struct nlmsghdr *nlh = NULL;

	if (!elems)
		return;
	batch->elems = NULL;
	if (elems->count)
		nlh = nft_message(batch, elems->add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
				  elems->add ? NLM_F_CREATE : 0);
	if (nlh) {
		nftnl_set_elems_nlmsg_build_payload(nlh, elems->set);
		nft_message_end(batch, nlh);
	}
	nftnl_set_free(elems->set);
	free(elems);
}

static struct nft_elems *elems_new(struct nft_batch *batch, const struct nft_set_name *set,
				   bool add)
{
	struct nft_elems *elems = calloc(1, sizeof(*elems));

	nft_fail_if(batch, !elems);
	if (!elems)
		return NULL;
	elems->id = set->id;
	elems->add = add;
	elems->set = nft_set_of(batch, set);
	if (elems->set)
		return elems;
	free(elems);
	return NULL;
}

static void elems_add(struct nft_batch *batch, const void *key, uint32_t len)
{
	struct nftnl_set_elem *elem = nftnl_set_elem_alloc();

	nft_fail_if(batch, !elem || nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, key, len));
	if (!elem)
		return;
	nftnl_set_elem_add(batch->elems->set, elem); /* the set owns it now */
	batch->elems->count++;
}

void nft_put_elem(struct nft_batch *batch, const struct nft_set_name *set, bool add,
		  const void *key, uint32_t len)
{
	if (batch->elems && (batch->elems->id != set->id || batch->elems->add != add ||
			     batch->elems->count == ELEMS_MAX))
		elems_flush(batch);
	if (!batch->elems)
		batch->elems = elems_new(batch, set, add);
	if (batch->elems)
		elems_add(batch, key, len);
}

/* --- The end ---------------------------------------------------------------------------------- */

void nft_batch_end(struct nft_batch *batch)
{
	elems_flush(batch);
	if (reserve(batch))
		nft_message_end(batch, nftnl_batch_end(batch->data + batch->len, ++batch->seq));
}

void nft_batch_fini(struct nft_batch *batch)
{
	elems_flush(batch);
	free(batch->data);
	*batch = (struct nft_batch){ 0 };
}
