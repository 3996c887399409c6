using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExecutionManager.Store.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class TellProgress : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "ProgressedAt",
                table: "samples",
                type: "timestamp with time zone",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "ProgressedAt",
                table: "samples");
        }
    }
}
