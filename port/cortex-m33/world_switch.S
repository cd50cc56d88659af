/*
 * From the secure thread to the image and back. The secure thread calls with SVC 0, whose handler
 * puts its registers on the main stack, takes the image's and returns into the non-secure world.
 * A tick, a frame, a fault or an exit that interrupts the image does the reverse. Gateways run on
 * the same secure stack, below what was put there.
 *
 * EXC_RETURN bit 6 tells where an exception came from: 0 is the non-secure world.
 */
    .syntax unified
    .thumb

    .equ FROM_SECURE, 0x40
    .equ SLICE_TIME, 0
    .equ SLICE_FAULT, 1
    .equ SLICE_EXIT, 2

    .macro function name
    .section .text.\name, "ax", %progbits
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

/* enum pawl_slice pawl_world_slice(void) */
    function pawl_world_slice
    svc     0
    bx      lr

/* SVC 0 of the secure thread starts a slice, SVC 1 of a gateway ends the image. */
    function pawl_world_svc
    tst     lr, #FROM_SECURE
    it      eq
    bxeq    lr                      /* a non-secure SVC never comes here; in case */
    ldr     r0, [sp, #24]           /* the caller's pc, behind the instruction */
    ldrb    r0, [r0, #-2]
    cmp     r0, #0
    bne     leave
    push    {r3-r11, lr}
    ldr     r0, =pawl_world_secure_sp
    str     sp, [r0]
    ldr     r0, =pawl_world_image
    ldmia   r0, {r4-r11, lr}
    movs    r0, #0                  /* nothing of ours is left in the others */
    mov     r1, r0
    mov     r2, r0
    mov     r3, r0
    mov     r12, r0
    msr     apsr_nzcvq, r0
    bx      lr
leave:
    movs    r0, #SLICE_EXIT
    b       back

    function pawl_world_tick
    push    {r3, lr}
    bl      pawl_world_tick_count
    pop     {r3, lr}
    b       slice_end

    function pawl_world_ethernet
    push    {r3, lr}
    bl      pawl_world_frame_came
    pop     {r3, lr}
slice_end:
    tst     lr, #FROM_SECURE
    it      ne
    bxne    lr                      /* the processor itself, or a gateway: it goes on */
    ldr     r0, =pawl_world_image
    stmia   r0, {r4-r11, lr}
    movs    r0, #SLICE_TIME
    b       back

/* A fault's handler has found that it was the image's. */
    function pawl_world_fault_back
    movs    r0, #SLICE_FAULT

/* To the secure thread, behind its SVC, with r0 as the result: on its stack lies the frame that the
 * exception made, whose first word is r0. */
back:
    ldr     r1, =pawl_world_secure_sp
    ldr     sp, [r1]
    pop     {r3-r11, lr}
    str     r0, [sp]
    bx      lr

    .pool
