/*
 * What non-secure code may call: for each gateway function the SG instruction and a branch, alone in
 * memory that is marked callable. The linker makes such stubs too, but inside the secure image a
 * function's name never means its stub, and the table for the image needs their addresses.
 */
    .syntax unified
    .thumb
    .section .gates, "ax", %progbits

    .macro gate name
    .global pawl_gate_\name
    .type pawl_gate_\name, %function
    .thumb_func
pawl_gate_\name:
    sg
    b.w     pawl_gateway_\name
    .endm

    gate    ready
    gate    leave
    gate    log
    gate    release
    gate    content_key
    gate    content_open
