using System.Text.Json;
using ExecutionManager.Adapters;
using ExecutionManager.Contracts.Messages;
using ExecutionManager.Simulation;

namespace ExecutionManager.World.Tests;

public class When_a_command_is_translated
{
    private static readonly Guid ContractId = Guid.Parse(Bench.C1);

    [Test]
    public void Should_read_on_the_topic_as_the_page_says()
    {
        Assert.That(Written(new SetDesired
        {
            ContractId = ContractId,
            DeviceId = "agv-17",
            ConnectionEpoch = 7,
            Revision = 1,
            Intent = Intent.Run,
            IntentVersion = 3,
            AsOf = 123456,
            ValidFor = TimeSpan.FromMinutes(10),
        }), Is.EqualTo($$"""em/v1/agv-17/desired {"contractId":"{{Bench.C1}}","connectionEpoch":7,"revision":1,"intent":"run","intentVersion":3,"asOf":123456,"validFor":"PT10M"}"""));
        Assert.That(Written(new AcknowledgeJournal { ContractId = ContractId, DeviceId = "agv-17", ThroughSeq = 12, Closed = false }),
            Is.EqualTo($$"""em/v1/agv-17/journal/ack {"contractId":"{{Bench.C1}}","throughSeq":12,"closed":false}"""));
        Assert.That(Written(new RequestReport { ContractId = ContractId, DeviceId = "agv-17", ConnectionEpoch = 7, ReportId = ContractId, FromSeq = 3 }),
            Is.EqualTo($$"""em/v1/agv-17/report {"contractId":"{{Bench.C1}}","connectionEpoch":7,"reportId":"{{Bench.C1}}","fromSeq":3}"""));
        Assert.That(Written(new RejectDeviceMessage { DeviceId = "agv-17", Topic = "em/v1/agv-17/connection", Reason = "epochTooOld", Detail = "", CurrentEpoch = 9 }),
            Is.EqualTo("""em/v1/agv-17/rejected {"topic":"em/v1/agv-17/connection","reason":"epochTooOld","detail":"","currentEpoch":9}"""));
    }

    [Test]
    public void Should_be_understood_by_a_device_from_push_to_close()
    {
        var bench = Bench.Connected();
        Carry(bench, new PushContract
        {
            ContractId = ContractId,
            DeviceId = "agv-17",
            ConnectionEpoch = 1,
            ContentHash = "sha256:1",
            Contract = JsonSerializer.Deserialize<Contracts.Messages.ContractDocument>(Bench.Contract(), WireJson.Options)!,
            Desired = new Desired { Intent = Intent.Run, IntentVersion = 1, AsOf = 0, ValidFor = TimeSpan.FromMinutes(10) },
        });
        Assert.That(bench.View().Status, Is.EqualTo(Simulation.ContractStatus.Executing));
        Assert.That(bench.View().LeaseEndsAt, Is.EqualTo(bench.Now.AddMinutes(10)));

        Carry(bench, new SetDesired { ContractId = ContractId, DeviceId = "agv-17", ConnectionEpoch = 1, Revision = 1, Intent = Intent.Stop, IntentVersion = 2 });
        bench.Run(10);
        Carry(bench, new RequestReport { ContractId = ContractId, DeviceId = "agv-17", ConnectionEpoch = 1, ReportId = ContractId, FromSeq = 1 });
        Assert.That(bench.Sent[^1].Text, Does.Contain($"\"reportId\":\"{Bench.C1}\""));

        Carry(bench, new AcknowledgeJournal { ContractId = ContractId, DeviceId = "agv-17", ThroughSeq = 4, Closed = true });
        Assert.That(bench.Device.Contracts, Is.Empty);

        Carry(bench, new RejectDeviceMessage { DeviceId = "agv-17", Topic = "x", Reason = "epochTooOld", Detail = "", CurrentEpoch = 9 });
        Assert.That(bench.Device.WantsReconnect, Is.True);
        Assert.That(bench.Device.UnreadableMessages, Is.Zero);
    }

    private static void Carry(Bench bench, object command)
    {
        var message = Downward.Write(command);
        bench.SendRaw(message.Topic["em/v1/agv-17/".Length..], System.Text.Encoding.UTF8.GetString(message.Payload));
    }

    private static string Written(object command)
    {
        var message = Downward.Write(command);
        return $"{message.Topic} {System.Text.Encoding.UTF8.GetString(message.Payload)}";
    }
}
