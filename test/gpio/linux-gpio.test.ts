import { expect, test } from "bun:test";
import {
  CHIP_INFO,
  CONFIG_ATTRIBUTE,
  IOCTL,
  LINE_CONFIG,
  LINE_FLAG,
  LINE_INFO,
  LINE_REQUEST,
  LINE_VALUES,
  NAME_BYTES,
  OPEN,
  OUTPUT_VALUES_ID,
} from "../../src/gpio/linux-gpio.ts";
import { hasKernelHeaders, linesOfC } from "../support/c-compiler.ts";

/** What we say, by the C expression that the kernel's header has for it. */
const ours: Readonly<Record<string, number | bigint>> = {
  "sizeof(struct gpiochip_info)": CHIP_INFO.size,
  "offsetof(struct gpiochip_info, name)": CHIP_INFO.name,
  "offsetof(struct gpiochip_info, label)": CHIP_INFO.label,
  "offsetof(struct gpiochip_info, lines)": CHIP_INFO.lines,
  "sizeof(struct gpio_v2_line_info)": LINE_INFO.size,
  "offsetof(struct gpio_v2_line_info, name)": LINE_INFO.name,
  "offsetof(struct gpio_v2_line_info, consumer)": LINE_INFO.consumer,
  "offsetof(struct gpio_v2_line_info, offset)": LINE_INFO.offset,
  "offsetof(struct gpio_v2_line_info, flags)": LINE_INFO.flags,
  "sizeof(struct gpio_v2_line_config)": LINE_CONFIG.size,
  "offsetof(struct gpio_v2_line_config, flags)": LINE_CONFIG.flags,
  "offsetof(struct gpio_v2_line_config, num_attrs)": LINE_CONFIG.attributeCount,
  "offsetof(struct gpio_v2_line_config, attrs)": LINE_CONFIG.attributes,
  "sizeof(struct gpio_v2_line_config_attribute)": CONFIG_ATTRIBUTE.size,
  "offsetof(struct gpio_v2_line_config_attribute, attr.id)": CONFIG_ATTRIBUTE.id,
  "offsetof(struct gpio_v2_line_config_attribute, attr.values)": CONFIG_ATTRIBUTE.values,
  "offsetof(struct gpio_v2_line_config_attribute, mask)": CONFIG_ATTRIBUTE.mask,
  "sizeof(struct gpio_v2_line_request)": LINE_REQUEST.size,
  "offsetof(struct gpio_v2_line_request, offsets)": LINE_REQUEST.offsets,
  "offsetof(struct gpio_v2_line_request, consumer)": LINE_REQUEST.consumer,
  "offsetof(struct gpio_v2_line_request, config)": LINE_REQUEST.config,
  "offsetof(struct gpio_v2_line_request, num_lines)": LINE_REQUEST.lineCount,
  "offsetof(struct gpio_v2_line_request, fd)": LINE_REQUEST.fd,
  "sizeof(struct gpio_v2_line_values)": LINE_VALUES.size,
  "offsetof(struct gpio_v2_line_values, bits)": LINE_VALUES.bits,
  "offsetof(struct gpio_v2_line_values, mask)": LINE_VALUES.mask,
  GPIO_MAX_NAME_SIZE: NAME_BYTES,
  GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES: OUTPUT_VALUES_ID,
  GPIO_V2_LINE_FLAG_USED: LINE_FLAG.used,
  GPIO_V2_LINE_FLAG_INPUT: LINE_FLAG.input,
  GPIO_V2_LINE_FLAG_OUTPUT: LINE_FLAG.output,
  GPIO_V2_LINE_FLAG_OPEN_DRAIN: LINE_FLAG.openDrain,
  GPIO_V2_LINE_FLAG_BIAS_PULL_UP: LINE_FLAG.pullUp,
  GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN: LINE_FLAG.pullDown,
  GPIO_GET_CHIPINFO_IOCTL: IOCTL.GPIO_GET_CHIPINFO,
  GPIO_V2_GET_LINEINFO_IOCTL: IOCTL.GPIO_V2_GET_LINEINFO,
  GPIO_V2_GET_LINE_IOCTL: IOCTL.GPIO_V2_GET_LINE,
  GPIO_V2_LINE_SET_CONFIG_IOCTL: IOCTL.GPIO_V2_LINE_SET_CONFIG,
  GPIO_V2_LINE_GET_VALUES_IOCTL: IOCTL.GPIO_V2_LINE_GET_VALUES,
  GPIO_V2_LINE_SET_VALUES_IOCTL: IOCTL.GPIO_V2_LINE_SET_VALUES,
  O_RDWR: OPEN.readWrite,
  O_CLOEXEC: OPEN.closeOnExec,
};

const program = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/gpio.h>
#include <stddef.h>
#include <stdio.h>
int main(void) {
${Object.keys(ours)
  .map((expression) => `  printf("%llu\\n", (unsigned long long)(${expression}));`)
  .join("\n")}
}`;

test.skipIf(!hasKernelHeaders)(
  "structs, requests and flags are those of linux/gpio.h (gcc and the kernel's headers)",
  () => {
    const kernels = linesOfC(program);
    expect(Object.entries(ours).map(([name, value]) => `${name} ${value}`)).toEqual(
      Object.keys(ours).map((name, index) => `${name} ${kernels[index]}`),
    );
  },
);
