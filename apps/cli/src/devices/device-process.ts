/** Checks a device in a process of its own: a driver that fails may end it. */
import { checkTrainingDevice, type DeviceCheck } from '@llama-xr/llama';
import type { Device } from '@llama-xr/onnx';
import { answerParent } from '../own-process.ts';

answerParent<Exclude<Device, 'auto'>, DeviceCheck>((device) => checkTrainingDevice(device));
