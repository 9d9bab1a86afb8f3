# Boot sector of builder/vm/accel: as -o boot.o boot-sector.s && ld -N -Ttext 0x7c00 -o boot.elf boot.o && objcopy -O binary -j .text boot.elf boot.bin
.code16
.globl _start
_start:
  cli
  xorw %ax, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw $0x7c00, %sp
  # page tables at 0x1000: PML4 -> PDPT (0x2000) -> PD (0x3000) -> one 2 MiB page
  movw $0x1000, %di
  xorl %eax, %eax
  movw $0x0c00, %cx
  cld
  rep stosl
  movl $0x2003, 0x1000
  movl $0x3003, 0x2000
  movl $0x0083, 0x3000
  movl $0x1000, %eax
  movl %eax, %cr3
  movl %cr4, %eax
  orl $0x20, %eax
  movl %eax, %cr4
  movl $0xc0000080, %ecx
  rdmsr
  orl $0x100, %eax
  wrmsr
  lgdt gdtr
  movl %cr0, %eax
  orl $0x80000001, %eax
  movl %eax, %cr0
  ljmpl $0x08, $long_mode
.code64
long_mode:
  xorl %eax, %eax
  cpuid
  rdtsc
  movl $100000, %ecx
1: decl %ecx
  jnz 1b
  movb $0x21, %al
  outb %al, $0xf4
2: hlt
  jmp 2b
.align 8
gdt: .quad 0, 0x00209a0000000000
gdtr: .word 15
  .long gdt
.org 510
.word 0xaa55
