"""Controllers of buildings and industry: servers of published packages, one kind a process.

Usage: controllers.py KIND ADDRESS FOLDER. FOLDER holds certificates where a kind needs them.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymodbus.pdu.device import ModbusDeviceIdentification
    from pymodbus.simulator import SimDevice


def _never() -> asyncio.Event:
    return asyncio.Event()


def _modbus_device() -> SimDevice:
    from pymodbus.simulator import DataType, SimData, SimDevice

    return SimDevice(0, simdata=[SimData(0, values=[0] * 100, datatype=DataType.REGISTERS)])


def _modbus_identity() -> ModbusDeviceIdentification:
    from pymodbus.pdu.device import ModbusDeviceIdentification

    return ModbusDeviceIdentification(  # type: ignore[no-untyped-call]  # it has no types
        info_name={
            "VendorName": "Lantern Controls",
            "ProductCode": "LC-20",
            "MajorMinorRevision": "2.4.1",
        }
    )


async def modbus(address: str, folder: Path) -> None:
    """A meter that tells anybody what it is."""
    from pymodbus.server import StartAsyncTcpServer

    await StartAsyncTcpServer(
        context=_modbus_device(), identity=_modbus_identity(), address=(address, 502)
    )


async def modbus_secure(address: str, folder: Path) -> None:
    """The same meter behind TLS, for clients with a certificate of its maker."""
    from pymodbus.server import StartAsyncTlsServer

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.load_verify_locations(folder / "cert.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    await StartAsyncTlsServer(
        context=_modbus_device(),
        identity=_modbus_identity(),
        address=(address, 802),
        sslctx=context,
    )


async def bacnet(address: str, folder: Path) -> None:
    """A room controller with device instance 1201."""
    from bacpypes3.app import Application
    from bacpypes3.local.device import DeviceObject
    from bacpypes3.local.networkport import NetworkPortObject

    device = DeviceObject(
        objectIdentifier=("device", 1201),
        objectName="Room 12",
        vendorName="Lantern Controls",
        vendorIdentifier=999,
        modelName="RC-2",
        firmwareRevision="3.1.0",
        applicationSoftwareVersion="3.1.0",
    )
    port = NetworkPortObject(f"{address}/24", objectIdentifier=("network-port", 1), objectName="IP")
    application = Application.from_object_list([device, port])
    assert application is not None
    await _never().wait()


async def opcua(address: str, folder: Path) -> None:
    """Lets anybody in without security."""
    from asyncua import ua
    from asyncua.server.server import Server

    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://{address}:4840")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    async with server:
        await _never().wait()


async def opcua_sound(address: str, folder: Path) -> None:
    """Signed and encrypted, with user names only."""
    from asyncua import ua
    from asyncua.server.server import Server

    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://{address}:4840")
    await server.load_certificate(str(folder / "cert.pem"))
    await server.load_private_key(str(folder / "key.pem"))
    server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
    server.set_identity_tokens([ua.UserNameIdentityToken])
    async with server:
        await _never().wait()


async def s7(address: str, folder: Path) -> None:
    """A controller without a password."""
    import snap7.server
    from snap7.type import Parameter

    server = snap7.server.Server(log=False)
    server.set_param(Parameter.LocalPort, 102)
    server.start_to(address, 102)
    await _never().wait()


async def iec104(address: str, folder: Path) -> None:
    """A controlled station with one measured value."""
    import c104

    server = c104.Server(ip=address, port=2404)
    station = server.add_station(common_address=47)
    assert station is not None
    station.add_point(io_address=11, type=c104.Type.M_ME_NC_1)
    server.start()
    while server.is_running:
        time.sleep(1.0)


KINDS: Mapping[str, Callable[[str, Path], Coroutine[Any, Any, None]]] = {
    kind.__name__: kind for kind in (modbus, modbus_secure, bacnet, opcua, opcua_sound, s7, iec104)
}

if __name__ == "__main__":
    asyncio.run(KINDS[sys.argv[1]](sys.argv[2], Path(sys.argv[3])))
