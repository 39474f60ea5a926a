/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * steer.c - where the kernel delivers packets that no connected socket takes
 *
 * Three maps: address -> index (hash), index -> a byte per port, the number of the thread plus 1
 * (array, mapped into memory: no system call when a socket is connected), thread -> socket.
 *
 * One socket serves both address families.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/count.h"
#include "packet/steer.h"

#define PORTS	    65536
#define QUEUE_BYTES (4 << 20) /* some thousand packets of strangers at once */

struct steer {
	size_t n;
	struct endpoint *addr;
	uint8_t *ports; /* [address][port] */
	bool mapped;
	int addr_map, port_map, socket_map, program, link;
	unsigned int threads;
	int sockets[STEER_THREADS];
};

size_t steer_addresses(const struct steer *steer)
{
	return steer ? steer->n : 0;
}

struct steer *steer_new(const struct endpoint *addr, size_t n)
{
	struct steer *steer = calloc(1, sizeof(*steer));

	if (!steer)
		return NULL;
	*steer = (struct steer){ .n = n,
				 .addr = calloc(n, sizeof(*addr)),
				 .ports = calloc(n, PORTS),
				 .addr_map = -1,
				 .port_map = -1,
				 .socket_map = -1,
				 .program = -1,
				 .link = -1 };
	if (!steer->addr || !steer->ports) {
		steer_free(steer);
		return NULL;
	}
	steer->n = 0;
	for (size_t i = 0; i < n; i++)
		if (steer_at(steer, &addr[i]) < 0)
			steer->addr[steer->n++] = addr[i];
	return steer;
}

static void close_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void steer_free(struct steer *steer)
{
	if (!steer)
		return;
	close_open(steer->link);
	close_open(steer->program);
	close_open(steer->socket_map);
	close_open(steer->port_map);
	close_open(steer->addr_map);
	for (unsigned int i = 0; i < steer->threads; i++)
		close(steer->sockets[i]);
	if (steer->mapped)
		munmap(steer->ports, steer->n * PORTS);
	else
		free(steer->ports);
	free(steer->addr);
	free(steer);
}

/* --- The kernel ------------------------------------------------------------------------------- */

static int bpf(int command, union bpf_attr *attr)
{
	long result = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return result < 0 ? -errno : (int)result;
}

static int map_new(uint32_t type, uint32_t key, uint32_t value, size_t entries, uint32_t flags)
{
	union bpf_attr attr = { .map_type = type,
				.key_size = key,
				.value_size = value,
				.max_entries = (uint32_t)entries,
				.map_flags = flags };

	return bpf(BPF_MAP_CREATE, &attr);
}

static int map_set(int map, const void *key, const void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = (uintptr_t)key;
	attr.value = (uintptr_t)value;
	return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

/* IPv4 as IPv6 writes it (RFC 4291, 2.5.5.2); the program does the same. */
static struct in6_addr addr_key(const struct endpoint *ep)
{
	struct in6_addr key = ep->in6.sin6_addr;

	if (ep->sa.sa_family == AF_INET)
		key = (struct in6_addr){ .s6_addr32 = { 0, 0, htonl(0xffff),
							ep->in4.sin_addr.s_addr } };
	return key;
}

static int make_maps(struct steer *steer)
{
	void *ports;
	int err = 0;

	/* Before Linux 5.11 maps count as locked memory. */
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	steer->addr_map =
		map_new(BPF_MAP_TYPE_HASH, sizeof(struct in6_addr), sizeof(uint32_t), steer->n, 0);
	if (steer->addr_map < 0)
		return steer->addr_map;
	steer->port_map =
		map_new(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), PORTS, steer->n, BPF_F_MMAPABLE);
	if (steer->port_map < 0)
		return steer->port_map;
	steer->socket_map =
		map_new(BPF_MAP_TYPE_SOCKMAP, sizeof(uint32_t), sizeof(uint64_t), STEER_THREADS, 0);
	if (steer->socket_map < 0)
		return steer->socket_map;
	for (uint32_t i = 0; i < steer->n && !err; i++) {
		struct in6_addr key = addr_key(&steer->addr[i]);

		err = map_set(steer->addr_map, &key, &i);
	}
	if (err)
		return err;
	ports = mmap(NULL, steer->n * PORTS, PROT_READ | PROT_WRITE, MAP_SHARED, steer->port_map,
		     0);
	if (ports == MAP_FAILED)
		return -errno;
	free(steer->ports);
	steer->ports = ports;
	steer->mapped = true;
	return 0;
}

#define INSN(op, dst, src, offset, value)                                                          \
	((struct bpf_insn){ .code = (op),                                                          \
			    .dst_reg = (dst),                                                      \
			    .src_reg = (src),                                                      \
			    .off = (int16_t)(offset),                                              \
			    .imm = (int32_t)(value) })
#define COPY(dst, src)		   INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, value)		   INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define ADD(dst, value)		   INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value)
#define ADD_REG(dst, src)	   INSN(BPF_ALU64 | BPF_ADD | BPF_X, dst, src, 0, 0)
#define AND(dst, value)		   INSN(BPF_ALU64 | BPF_AND | BPF_K, dst, 0, 0, value)
#define FIELD(dst, member)	   LOAD(dst, R_CONTEXT, offsetof(struct bpf_sk_lookup, member))
#define LOAD(dst, src, offset)	   INSN(BPF_LDX | BPF_MEM | BPF_W, dst, src, offset, 0)
#define LOAD_BYTE(dst, src)	   INSN(BPF_LDX | BPF_MEM | BPF_B, dst, src, 0, 0)
#define STORE(offset, src)	   INSN(BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, src, offset, 0)
#define STORE_VALUE(offset, value) INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, offset, value)
#define CALL(function)		   INSN(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define JUMP(over)		   INSN(BPF_JMP | BPF_JA, 0, 0, over, 0)
#define IF_EQ(reg, value, over)	   INSN(BPF_JMP | BPF_JEQ | BPF_K, reg, 0, over, value)
#define IF_NE(reg, value, over)	   INSN(BPF_JMP | BPF_JNE | BPF_K, reg, 0, over, value)
#define EXIT			   INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* A jump to the end: its distance is set by set_ends(). */
#define END INT16_MIN
/* R0 = look-up in the map of the key on the stack; R0 is 0 if there is none */
#define LOOK_UP(map, key)                                                                          \
	INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),                     \
		INSN(0, 0, 0, 0, 0), COPY(BPF_REG_2, BPF_REG_10), ADD(BPF_REG_2, key),             \
		CALL(BPF_FUNC_map_lookup_elem), IF_EQ(BPF_REG_0, 0, END)

/* Registers that calls keep. */
#define R_CONTEXT BPF_REG_6
#define R_VALUE	  BPF_REG_7

/* Places on the stack. */
#define INDEX	(-4)
#define ADDRESS (-24)

static void set_ends(struct bpf_insn *program, size_t n)
{
	size_t end = n - 2;

	for (size_t i = 0; i < n; i++)
		if (program[i].off == END)
			program[i].off = (int16_t)(end - i - 1);
}

/* Whatever it finds, the kernel goes on: with the socket assigned here, or with its own. */
static int load_program(struct steer *steer)
{
	struct bpf_insn program[] = {
		COPY(R_CONTEXT, BPF_REG_1),
		FIELD(R_VALUE, protocol),
		IF_NE(R_VALUE, IPPROTO_UDP, END),
		/*
		 * The local address. The upper half of each 8 bytes comes first: the verifier of
		 * Linux 6.1 takes a write to it, after the lower half, for a changed register.
		 */
		FIELD(R_VALUE, family),
		IF_EQ(R_VALUE, AF_INET6, 6),
		FIELD(R_VALUE, local_ip4),
		STORE(ADDRESS + 12, R_VALUE),
		STORE_VALUE(ADDRESS + 8, htonl(0xffff)),
		STORE_VALUE(ADDRESS + 4, 0),
		STORE_VALUE(ADDRESS, 0),
		JUMP(8),
		FIELD(R_VALUE, local_ip6[1]),
		STORE(ADDRESS + 4, R_VALUE),
		FIELD(R_VALUE, local_ip6[0]),
		STORE(ADDRESS, R_VALUE),
		FIELD(R_VALUE, local_ip6[3]),
		STORE(ADDRESS + 12, R_VALUE),
		FIELD(R_VALUE, local_ip6[2]),
		STORE(ADDRESS + 8, R_VALUE),
		LOOK_UP(steer->addr_map, ADDRESS),
		LOAD(R_VALUE, BPF_REG_0, 0),
		STORE(INDEX, R_VALUE),
		/* the byte of the local port */
		LOOK_UP(steer->port_map, INDEX),
		FIELD(R_VALUE, local_port),
		AND(R_VALUE, PORTS - 1),
		ADD_REG(BPF_REG_0, R_VALUE),
		LOAD_BYTE(R_VALUE, BPF_REG_0),
		IF_EQ(R_VALUE, 0, END),
		ADD(R_VALUE, -1),
		STORE(INDEX, R_VALUE),
		/* the socket of that thread */
		LOOK_UP(steer->socket_map, INDEX),
		COPY(R_VALUE, BPF_REG_0),
		COPY(BPF_REG_1, R_CONTEXT),
		COPY(BPF_REG_2, R_VALUE),
		SET(BPF_REG_3, 0),
		CALL(BPF_FUNC_sk_assign),
		COPY(BPF_REG_1, R_VALUE),
		CALL(BPF_FUNC_sk_release),
		SET(BPF_REG_0, SK_PASS),
		EXIT,
	};
	union bpf_attr attr;

	set_ends(program, COUNT(program));
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SK_LOOKUP;
	attr.expected_attach_type = BPF_SK_LOOKUP;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = COUNT(program);
	attr.license = (uintptr_t) "GPL";
	memcpy(attr.prog_name, "rtprelay", sizeof("rtprelay"));
	steer->program = bpf(BPF_PROG_LOAD, &attr);
	return steer->program < 0 ? steer->program : 0;
}

/* The link, and so the program, ends with the process. */
static int attach(struct steer *steer)
{
	int space = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	union bpf_attr attr;

	if (space < 0)
		return -errno;
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)steer->program;
	attr.link_create.target_fd = (uint32_t)space;
	attr.link_create.attach_type = BPF_SK_LOOKUP;
	steer->link = bpf(BPF_LINK_CREATE, &attr);
	close(space);
	return steer->link < 0 ? steer->link : 0;
}

/* --- Sockets ---------------------------------------------------------------------------------- */

/* Packets are delivered to it whatever it is bound to; but the kernel wants it to be bound. */
static int bind_somewhere(int fd, int family)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	/* Seldom used of the loopback's addresses, so that no port of media is taken. */
	in4.sin_addr.s_addr = htonl(0x7f7f7f7f);
	in6.sin6_addr.s6_addr32[2] = htonl(0xffff);
	in6.sin6_addr.s6_addr32[3] = in4.sin_addr.s_addr;
	if (family == AF_INET)
		return bind(fd, (struct sockaddr *)&in4, sizeof(in4));
	return bind(fd, (struct sockaddr *)&in6, sizeof(in6));
}

static bool turn_on(int fd, int level, int option)
{
	int on = 1;

	return !setsockopt(fd, level, option, &on, sizeof(on));
}

static bool set_options(int fd, int family)
{
	int size = QUEUE_BYTES, off = 0;
	bool ok = turn_on(fd, IPPROTO_IP, IP_FREEBIND) &&
		  turn_on(fd, IPPROTO_IP, IP_RECVORIGDSTADDR) &&
		  turn_on(fd, IPPROTO_IP, IP_RECVTOS) && turn_on(fd, IPPROTO_IP, IP_RECVTTL);

	if (family == AF_INET6)
		ok = ok && !setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) &&
		     turn_on(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR) &&
		     turn_on(fd, IPPROTO_IPV6, IPV6_RECVTCLASS) &&
		     turn_on(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
	/* The first needs CAP_NET_ADMIN; the second is limited by net.core.rmem_max. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return ok;
}

/* Where the kernel has no IPv6, there are no streams of IPv6 either. */
static int open_socket(void)
{
	int family = AF_INET6, fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0 && errno == EAFNOSUPPORT) {
		family = AF_INET;
		fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	}
	if (fd < 0)
		return -errno;
	if (set_options(fd, family) && !bind_somewhere(fd, family))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int add_socket(struct steer *steer)
{
	uint32_t thread = steer->threads;
	int fd = open_socket();
	uint64_t value;

	if (fd < 0)
		return fd;
	value = (uint64_t)fd;
	steer->sockets[thread] = fd;
	steer->threads++;
	return map_set(steer->socket_map, &thread, &value);
}

int steer_attach(struct steer *steer, unsigned int threads)
{
	int err = threads <= STEER_THREADS ? make_maps(steer) : -E2BIG;

	while (!err && steer->threads < threads)
		err = add_socket(steer);
	if (!err)
		err = load_program(steer);
	return err ? err : attach(steer);
}

int steer_fd(const struct steer *steer, unsigned int thread)
{
	return thread < steer->threads ? steer->sockets[thread] : -1;
}

/* --- Ports ------------------------------------------------------------------------------------ */

ssize_t steer_at(const struct steer *steer, const struct endpoint *local)
{
	for (size_t i = 0; i < steer_addresses(steer); i++)
		if (endpoint_addr_eq(&steer->addr[i], local))
			return (ssize_t)(i * PORTS + endpoint_port(local));
	return -1;
}

static void set_port(struct steer *steer, const struct endpoint *local, uint8_t value)
{
	ssize_t at = steer_at(steer, local);

	if (at >= 0)
		__atomic_store_n(&steer->ports[at], value, __ATOMIC_RELAXED);
}

void steer_on(struct steer *steer, const struct endpoint *local, unsigned int thread)
{
	set_port(steer, local, (uint8_t)(thread + 1));
}

void steer_off(struct steer *steer, const struct endpoint *local)
{
	set_port(steer, local, 0);
}
